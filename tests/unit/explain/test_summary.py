"""The first lines of an explanation, by hand."""

import pytest
from inference_energy.common.step import Node, Place, computed
from inference_energy.explain import summary, text
from inference_energy.explain.searched import Answer, Found

ROW = {"study": "s", "workload": "long", "subject": "a", "boundary": "datacenter", "spread": "shared"}
ROW |= {"energy_wh_p05": 0.0965, "energy_wh_p50": 0.2, "energy_wh_p95": 0.729, "energy_wh_mean": 0.3095}


def found(column="energy_wh_mean", assumed="", **changes):
    return Found(table="energy_per_query", position=0, row=ROW | changes, column=column, assumed=assumed)


def derived():
    places = [Place(kind="benchmark", file="b.csv", line=line) for line in (1, 2)]
    rows = [Node(label=f"row {place.line}", symbol=f"r{place.line}", value=0.1, place=place) for place in places]
    rows.append(Node(label="large", symbol="r3", value=0.2, place=Place(kind="assumption", file="a.py", line=3)))
    step = computed("energy", "r1 + r2 + r3", [*rows], symbol="E", unit="Wh")
    return Node(label="mean", value=0.3095, unit="Wh", children=(step,))


def test_the_number_comes_first_with_its_statistic_and_interval():
    lines = summary.summary(derived(), found(assumed="workload long"))
    assert lines == [
        "0.31 Wh (expected value, P5–P95 0.097–0.73): energy_wh_mean of energy_per_query",
        "Assumed: workload long.",
        "Row: study s, workload long, subject a, spread shared",
        "It is: mean of energy per query",
        "Interval: uncertainty of the mean over queries",
        "Formula: E = r1 + r2 + r3",
        "  r3: large = 0.2",
        "  r1: row 1 = 0.1",
        "  r2: row 2 = 0.1",
        "Rests on: 2 benchmark rows, 1 assumptions",
    ]


@pytest.mark.parametrize(
    ("column", "changes", "first"),
    [
        ("energy_wh_p50", {}, "0.20 Wh (median, P5–P95 0.097–0.73): "),
        ("energy_wh_p50", {"energy_wh_p05": None}, "0.20 Wh: "),
        ("energy_wh_p95", {}, "0.73 Wh: "),
    ],
)
def test_only_a_median_or_mean_has_an_interval(column, changes, first):
    assert summary.summary(derived(), found(column, **changes))[0].startswith(first)


def test_long_lines_are_cut_and_at_most_ten():
    terms = [Node(label="x" * 200, symbol=f"t{count}", value=float(count)) for count in range(1, 60)]
    node = computed("sum", " + ".join(term.symbol for term in terms), terms, symbol="E")
    lines = summary.summary(node, found(assumed="something"))
    assert len(lines) <= 10
    assert max(map(len, lines)) == summary.LONGEST


def test_a_derivation_begins_with_the_summary_only_where_a_number_was_asked_for():
    node = derived()
    told = text.rendered(node, Answer(best=found())).splitlines()
    assert told[0].startswith("0.31 Wh") and "Derivation:" in told
    assert told[told.index("Derivation:") + 1] == "mean = 0.3095 Wh"
    assert "Derivation:" not in text.rendered(node)
