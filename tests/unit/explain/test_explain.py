"""Derivations: arithmetic that is printed and evaluated, lines of files, words of questions, text for a terminal."""

import math
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from inference_energy.common import comments, step_text
from inference_energy.common.step import Node, Place, computed, digits, evaluate, number, total, walk
from inference_energy.explain import page, printed_values, searched, text
from inference_energy.explain.registry import EXPLAINERS
from inference_energy.oviedo import energy
from inference_energy.publish.catalogue import BY_NAME
from inference_energy.statistics import distributions
from inference_energy.throughput import gpu_time

ROOT = Path(__file__).parents[3]


def energy_of_a_query():
    """10.2 kW, half used, 300 tokens at 1,000 tok/s: 0.425 Wh."""
    factors = [
        number("P", "power", 10.2, "kW"),
        number("U", "use", 0.5),
        number("L", "tokens", 300),
        number("T", "tok/s", 1000),
    ]
    return computed("energy", "P * U * L / (3.6 * T)", factors, unit="Wh")


def test_every_public_table_has_an_explainer():
    assert set(EXPLAINERS) == set(BY_NAME)


def test_a_step_has_the_value_of_its_formula_and_shows_the_numbers_put_in():
    step = energy_of_a_query()
    assert step.value == pytest.approx(0.425)
    assert step.inserted() == "10.2 * 0.5 * 300 / (3.6 * 1000)"
    assert eval(step.inserted()) == pytest.approx(step.value)


@given(st.floats(-1e6, 1e6), st.floats(0.1, 1e6), st.floats(-3, 3))
def test_what_is_printed_gives_what_is_computed(a, b, c):
    formula = "a * ln(b) + exp(c) - min(a, b) / sqrt(b) + abs(a) ** 2"
    step = computed("x", formula, [number("a", "", a), number("b", "", b), number("c", "", c)])
    printed = eval(step.inserted(17), {"ln": math.log, "exp": math.exp, "sqrt": math.sqrt})
    assert printed == pytest.approx(step.value, rel=1e-9, abs=1e-9)


def test_a_name_inside_another_is_not_replaced():
    step = computed("x", "p05 * p05_1 + e", [number("p05", "", 2.0), number("p05_1", "", 3.0), number("e", "", 1.0)])
    assert step.inserted() == "2 * 3 + 1" and step.value == 7


def test_a_negative_number_stands_in_brackets():
    assert digits(-0.5) == "(-0.5)"
    assert computed("x", "2 - a", [number("a", "", -0.5)]).inserted() == "2 - (-0.5)"


def test_median_of_an_even_number_of_values_is_their_middle():
    assert evaluate("median(a, b, c, d)", {"a": 4.0, "b": 1.0, "c": 2.0, "d": 9.0}) == 3.0


def test_unknown_names_and_operations_are_refused():
    for formula in ("a + b", "a.b", "[a]", "open(a)"):
        with pytest.raises(KeyError):
            evaluate(formula, {"a": 1.0})


def test_a_value_that_its_formula_does_not_give_is_a_contradiction():
    children = (number("a", "", 2.0), number("b", "", 3.0))
    assert not Node(label="x", value=6.0, formula="a * b", children=children).contradicted
    assert Node(label="x", value=6.001, formula="a * b", children=children).contradicted
    assert not Node(label="x", value=6.001, formula="a * b", children=children, exact=False).contradicted


def test_a_difference_of_like_numbers_may_lose_digits():
    parts = (number("a", "", 0.774570695), number("b", "", 0.225271519))
    assert not Node(label="rest", value=0.000157785, formula="1 - a - b", children=parts).contradicted


def test_terms_of_a_sum_are_numbered():
    found = total("sum", [number("E", "one", 1.0), number("E", "two", 2.5)])
    assert found.formula == "E_1 + E_2" and found.value == 3.5
    assert total("nothing", []).value == 0


def test_walking_meets_every_step():
    step = computed("whole", "a", [computed("part", "b", [number("b", "end", 1.0)], symbol="a")])
    assert [each.label for each in walk(step)] == ["whole", "part", "end"]


# Assumptions


def test_assumptions_are_found_where_they_stand():
    for code in (energy.unit_energy_wh, gpu_time.fit, distributions):
        for one in comments.beside(code):
            there = (ROOT / one.file).read_text().splitlines()[one.line - 1]
            assert there.strip().startswith("# ASSUME:") and one.text.split()[0] in there


def test_an_assumption_holds_all_of_its_lines():
    one, *_ = comments.beside(gpu_time.fit)
    assert one.text.startswith("a saturated server's time") and one.text.endswith("section 2.")


# Questions


def test_printed_numbers_have_half_a_unit_of_their_last_digit():
    assert printed_values.printed("4.32", []) == (4.32, pytest.approx(0.005))
    assert printed_values.printed("1,300", []) == (1300.0, pytest.approx(0.5))
    assert printed_values.printed("1.5e-4", []) == (1.5e-4, pytest.approx(5e-6))
    assert printed_values.printed("58%", []) == (pytest.approx(0.58), pytest.approx(0.005))
    assert printed_values.printed("58", ["%"]) == (pytest.approx(0.58), pytest.approx(0.005))


def test_words_are_compared_without_case_and_signs():
    assert searched.plain("Llama 3.1 405B, energy_wh_P50") == "llama 3.1 405b energy wh p50"


def test_anchors_are_study_and_quantity():
    assert (
        page.anchor("current", "long frontier energy_wh_p50 untrimmed")
        == "current-long_frontier_energy_wh_p50_untrimmed"
    )


# Text


def test_text_names_the_formula_the_numbers_and_the_line():
    place = Place(
        kind="benchmark", file="rows.csv", line=7, quote="tok_s=1000", origin="NVIDIA", url="https://nvidia.com"
    )
    step = energy_of_a_query()
    shown = text.rendered(computed("top", "E", [Node(label="row", symbol="E", value=1.0, place=place), step]))
    for part in (
        "P * U * L / (3.6 * T)",
        "10.2 * 0.5 * 300 / (3.6 * 1000)",
        "[rows.csv:7]",
        "tok_s=1000",
        "https://nvidia.com",
    ):
        assert part in shown
    assert max(map(len, shown.splitlines())) <= step_text.WIDTH


def test_many_rows_are_summed_up_unless_all_are_asked_for():
    rows = tuple(Node(label=f"row {place}", value=float(place)) for place in range(60))
    group = Node(label="60 rows", children=rows, alike=True)
    assert "and 57 more; all with DETAIL=full" in text.rendered(group)
    assert len(text.rendered(group).splitlines()) < 10
    assert "row 59" in text.rendered(group, full=True)


def test_a_step_is_told_once():
    part = computed("part", "a", [number("a", "an ingredient", 2.0)], symbol="x")
    shown = text.rendered(computed("twice", "x + y", [part, computed("other", "x", [part], symbol="y")]))
    assert shown.count("an ingredient") == 1 and "(as above)" in shown


def test_a_contradiction_is_told():
    stale = Node(label="x", value=7.0, formula="a", children=(number("a", "", 2.0),))
    assert "results are older than what they follow from" in text.rendered(stale)
