"""Formulas as values, text and JavaScript."""

from pathlib import Path

import numpy as np
import pytest
from inference_energy.common import formula_source
from inference_energy.common.formulas import REGISTRY, TRACER, formula

SECONDS = 3600


@formula(unit="J", source="arithmetic")
def energy_j(*, power_w, hours, divisor=1.0):
    """Energy of a constant power.

    The rest is not part of the summary.
    """
    # ASSUME: the power does not change,
    # for an hour or a day.
    return power_w * hours * SECONDS / divisor


@formula(unit="EUR", source="arithmetic")
def price(*, power_w, hours, eur_per_j, fixed):
    """Price of the energy, and something fixed."""
    return np.maximum(eur_per_j * (energy_j(power_w=power_w, hours=hours) + fixed), -(fixed**2))


@formula(unit="1", source="arithmetic")
def loop(*, x):
    """Not a formula."""
    y = x + 1
    return y


@formula(unit="1", source="arithmetic")
def unknown(*, x):
    """Not a formula either."""
    return np.sin(x)


def test_is_called_as_the_function_that_it_is():
    assert energy_j(power_w=2.0, hours=np.array([1.0, 2.0])).tolist() == [7200.0, 14400.0]
    assert energy_j(power_w=2.0, hours=1.0, divisor=2.0) == 3600.0


def test_knows_unit_source_summary_and_assumptions():
    assert (energy_j.unit, energy_j.source, energy_j.summary) == ("J", "arithmetic", "Energy of a constant power.")
    assert REGISTRY[f"{__name__}.energy_j"] is energy_j
    (found,) = formula_source.assumptions(energy_j)
    assert found.text == "the power does not change, for an hour or a day."
    assert "# ASSUME: the power" in Path(__file__).read_text().splitlines()[found.line - 1]


def test_says_itself_as_text_with_formulas_written_out():
    assert formula_source.text(energy_j) == "power_w * hours * SECONDS / divisor"
    assert formula_source.constants(energy_j) == {"SECONDS": 3600}
    given = {"power_w": "P", "hours": "a + b"}
    found = formula_source.text(price, given)
    assert found == "max(eur_per_j * (P * (a + b) * SECONDS + fixed), -fixed ** 2)"


def test_text_leaves_out_what_0_and_1_make_superfluous():
    assert formula_source.text(energy_j, {"divisor": "1", "hours": "1"}) == "power_w * SECONDS"
    assert formula_source.text(energy_j, {"hours": "0"}) == "0"


def test_javascript_has_named_arguments_defaults_and_constants():
    found = formula_source.javascript([energy_j, price])
    assert "const SECONDS = 3600;" in found
    assert "function energy_j({ power_w, hours, divisor = 1.0 })" in found
    assert "Math.max(eur_per_j * (power_w * hours * SECONDS / 1.0 + fixed), -Math.pow(fixed, 2))" in found


def test_a_tracer_is_called_in_place_of_every_formula():
    seen = []

    def trace(of, arguments):
        seen.append((of.name, dict(arguments)))
        return of.function(**arguments)

    token = TRACER.set(trace)
    try:
        assert price(power_w=1.0, hours=1.0, eur_per_j=2.0, fixed=0.0) == 7200.0
    finally:
        TRACER.reset(token)
    assert [name for name, _ in seen] == ["price", "energy_j"]
    assert seen[1][1] == {"power_w": 1.0, "hours": 1.0}


@pytest.mark.parametrize(
    ("of", "message"), [(loop, "found 2 statements; allowed"), (unknown, r"found `np.sin\(x\)`; allowed")]
)
def test_a_body_that_is_no_formula_is_named(of, message):
    with pytest.raises(TypeError, match=message):
        formula_source.text(of)


def test_a_formula_has_keyword_only_arguments_and_a_docstring():
    def positional(x):
        """Not keyword-only."""
        return x

    def silent(*, x):
        return x

    with pytest.raises(TypeError, match="allowed: keyword-only"):
        formula(unit="1", source="arithmetic")(positional)
    with pytest.raises(TypeError, match="found no docstring"):
        formula(unit="1", source="arithmetic")(silent)
