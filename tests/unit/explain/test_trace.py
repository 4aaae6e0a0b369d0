"""Numbers that know how they were computed: arithmetic, sums, formulas, and what the trace refuses to lose."""

import numpy as np
import pytest
from inference_energy.common.formulas import formula
from inference_energy.common.step import number, walk
from inference_energy.explain.trace import Traced, following, leaf, named, node_of
from scipy.special import ndtri


@formula(unit="W", source="Example 2020")
def board_w(*, tdp_w, idle, saturated, load, by=1.0):
    """Power of a board: linear in load.

    Args:
        tdp_w: thermal design power, W.
        idle: idle power over TDP.
        saturated: saturated power over TDP.
        load: share of time saturated, 0 to 1.
        by: divisor.
    """
    # ASSUME: power is linear in load.
    return tdp_w * (idle + (saturated - idle) * load) / by


def a(value, symbol, *about):
    return leaf(number(symbol, f"leaf {symbol}", value), value, about=about)


def test_arithmetic_is_remembered_and_has_its_value():
    step = node_of((a(3.0, "x") + 1) * a(2.0, "y") / a(4.0, "z"), "whole")
    assert (step.value, step.formula) == (2.0, "(x + 1) * y / z")
    assert step.result == 2.0 and [child.symbol for child in step.children] == ["x", "y", "z"]


def test_numbers_and_arrays_may_stand_on_either_side():
    step = (np.asarray(10.0) * a(3.0, "x") - 1e9).step()
    assert (step.value, step.formula) == (30 - 1e9, "10 * x - 1000000000")


def test_what_changes_nothing_is_left_out():
    x = a(3.0, "x")
    assert np.zeros(()) + x is x and x - 0.0 is x and x / np.ones(()) is x and 1.0 * x is x and x**1 is x
    assert not isinstance(0.0 * x, Traced) and 0.0 * x == 0


def test_functions_of_numpy_are_written_as_derivations_have_them():
    step = np.minimum(np.exp(a(0.0, "x")) * np.sqrt(a(4.0, "y")), 1.5).step()
    assert (step.value, step.formula, step.result) == (1.5, "min(exp(x) * sqrt(y), 1.5)", 1.5)


def test_another_function_is_a_step_with_its_argument_below():
    step = np.exp(a(2.0, "sd") * ndtri(a(0.5, "share"))).step()
    assert step.value == 1.0 and step.children[1].label == "ndtri of what follows"
    assert step.children[1].children[0].label == "leaf share"


def test_a_choice_keeps_the_number_that_is_chosen():
    x, y = a(1.0, "x"), a(2.0, "y")
    assert np.where(x < y, x, y) is x and np.where(False, x, y) is y


def test_products_are_terms_of_a_sum_the_largest_first():
    total = sum(a(part, "w", "A" if part < 0.5 else "B") * a(10.0, "s", "all") for part in (0.2, 0.5, 0.3))
    step = (2 * total).step("day")
    assert step.formula == "2 * x" and step.value == 20.0
    (summed,) = step.children
    assert summed.label == "sum, all" and summed.formula == "t_1 + t_2 + t_3"
    assert [child.value for child in summed.children] == pytest.approx([5.0, 3.0, 2.0])
    assert [child.label for child in summed.children] == ["B, all", "A, all", "A, all"]
    assert summed.children[0].formula == "w * s"


def test_one_step_that_is_used_twice_has_one_symbol_and_two_of_one_symbol_are_numbered():
    x, y = a(3.0, "x"), a(5.0, "x")
    assert (x * x).step().formula == "x * x"
    assert (x * y / x).step().formula == "x_1 * x_2 / x_1"


def test_a_formula_is_a_step_with_its_text_unit_source_assumption_and_line():
    with following():
        power = board_w(tdp_w=a(700.0, "TDP", "H100"), idle=0.1, saturated=a(0.8, "s"), load=a(0.5, "l") * a(1.2, "x"))
    step = power.step()
    assert power.value == step.value == pytest.approx(700 * (0.1 + 0.7 * 0.6))
    assert step.formula == "tdp_w * (0.1 + (saturated - 0.1) * load)"  # without the divisor that is 1
    assert (step.label, step.symbol, step.unit) == ("Power of a board, H100", "board_w", "W")
    assert step.note == "Source: Example 2020" and step.place.file == "tests/unit/explain/test_trace.py"
    load = next(child for child in step.children if child.symbol == "load")
    assert (load.label, load.formula) == ("share of time saturated", "l * x")
    assert step.children[-1].note == "power is linear in load."
    assert not any(each.contradicted for each in walk(step))


def test_a_formula_of_plain_numbers_and_one_outside_of_following_are_plain():
    numbers = {"tdp_w": 100.0, "idle": 0.0, "saturated": 1.0, "load": 0.5}
    with following():
        assert board_w(**numbers) == 50.0
    assert board_w(**numbers | {"tdp_w": a(100.0, "TDP")}).step().label == "TDP * 0.5"


def test_a_named_number_is_one_step_of_what_follows():
    mean = named(a(2.0, "x") * a(3.0, "y"), "mean energy", "E", unit="Wh")
    step = (mean * 4.0).step("total")
    assert step.formula == "E * 4" and step.children[0].label == "mean energy"
    assert step.children[0].formula == "x * y" and step.children[0].unit == "Wh"
    assert named(7.0, "plain") == 7.0


@pytest.mark.parametrize("lose", [np.asarray, float, lambda x: np.full(1, x), lambda x: np.ones(2) * x])
def test_what_would_lose_the_trace_is_an_error(lose):
    with pytest.raises((TypeError, ValueError)):
        lose(a(1.0, "x"))
