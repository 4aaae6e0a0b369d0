"""Quantities have the size that they can have; a message says in which unit another one was probably meant."""

import pytest
from hypothesis import given, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.studies.physical import CARBON, OF_STUDY, PUE, check_range, check_study
from messages import message_of


@pytest.mark.parametrize(
    ("of", "value", "told"),
    [
        (PUE, 112, "k: found 112; allowed: 1 to 3 (1.12 if it is in percent)"),
        (PUE, 0.9, "k: found 0.9; allowed: 1 to 3"),
        (PUE, 12, "k: found 12; allowed: 1 to 3"),
        (CARBON, 0.35, "k: found 0.35; allowed: 0, or 1.5 to 2,000 gCO2e/kWh (350 if it is in kg/kWh)"),
        (CARBON, 350_000, "k: found 350000; allowed: 0, or 1.5 to 2,000 gCO2e/kWh (350 if it is in mg/kWh or g/MWh)"),
        (CARBON, -1, "k: found -1; allowed: 0, or 1.5 to 2,000 gCO2e/kWh"),
        (OF_STUDY["power.node_kw.default"], 10_200, "k: found 10200; allowed: 0.1 to 200 kW (10.2 if it is in W)"),
    ],
)
def test_what_cannot_be_is_told_with_the_unit_that_was_meant(of, value, told):
    assert message_of(check_range, value, of, "k") == told


@given(st.floats(1, 3), st.one_of(st.just(0), st.floats(1.5, 2_000)))
def test_what_can_be_passes_and_in_another_unit_does_not(pue, carbon):
    check_range(pue, PUE, "k")
    check_range(carbon, CARBON, "k")
    with pytest.raises(InputError, match=r"if it is in percent"):
        check_range(pue * 100, PUE, "k")
    if 1.5 < carbon < 1_500:
        with pytest.raises(InputError, match=r"if it is in kg/kWh"):
            check_range(carbon / 1_000, CARBON, "k")


@pytest.mark.parametrize(
    ("study", "told"),
    [
        ({"pue": 120}, "s.yaml: pue: found 120; allowed: 1 to 3 (1.2 if it is in percent)"),
        ({"pue": {"family": "lognormal", "p05": 1.1, "p95": 130}}, "s.yaml: pue.p95: found 130; allowed: 1 to 3"),
        ({"sweeps": {"pue": [1.1, 140]}}, "s.yaml: sweeps.pue[1]: found 140; allowed: 1 to 3"),
        ({"serving": {"time_per_token_ms": 0.03}}, "s.yaml: serving.time_per_token_ms: found 0.03; allowed: 0.05 to"),
        ({"day": {"headroom": 130}}, "s.yaml: day.headroom: found 130; allowed: 1 to 20 (1.3 if it is in percent)"),
        (
            {"fleet": {"onsite_water_l_per_kwh": 300}},
            "s.yaml: fleet.onsite_water_l_per_kwh: found 300; allowed: 0 to 30",
        ),
    ],
)
def test_all_quantities_of_a_study_are_compared(study, told):
    assert message_of(check_study, study, "s.yaml").startswith(told)


def test_entries_that_are_not_there_pass():
    check_study({"serving": {}, "pue": {"family": "lognormal", "p05": 1.1, "p95": 1.4}, "day": {"headroom": 1.3}}, "s")
