"""Estimates paired with the published method at the same model and tokens: by hand."""

import polars as pl
import pytest
from inference_energy.headline import overstatement
from inference_energy.headline.tables import OVERSTATEMENT_PAIRS
from inference_energy.studies.study import PublishedStudy

# P5 and P95 of 0.3 and 1.2 have the median 0.6, those of 1.04 and 1.625 the median 1.3.
STUDY = PublishedStudy.of(
    {
        "node_power_kw": {"default": 10.2, "by_model": {"Large": 20.4}},
        "power_utilisation": {"family": "lognormal", "p05": 0.3, "p95": 1.2},
        "pue": {"family": "lognormal", "p05": 1.04, "p95": 1.625},
    }
)
FIT = pl.DataFrame(
    {
        "model": ["Large", "Small"],
        "form": "constant",
        "intercept": [100.0, 100.0],  # far above the cap, which is the throughput
        "slope_input": 0.0,
        "slope_output": 0.0,
        "cap_tok_per_s": 1300.0,
        "input_tokens_min": 128.0,
        "input_tokens_max": 5000.0,
        "output_tokens_min": 128.0,
        "output_tokens_max": 2048.0,
    }
)


def estimate(row_id, **changes):
    row = {"source": "s", "row_id": row_id, "model": "Small", "kind": "api_inferred", "energy_wh": 5.1}
    row |= {"input_tokens": 500.0, "output_tokens": 300.0, "boundary": "node power from API latency, with PUE"}
    return row | changes


def pairs(*rows):
    schema = dict.fromkeys(("source", "row_id", "model", "kind", "boundary"), pl.String)
    schema |= dict.fromkeys(("energy_wh", "input_tokens", "output_tokens"), pl.Float64)
    estimates = pl.DataFrame(rows, schema=schema)
    found = overstatement.overstatement_pairs(study_name="one", study=STUDY, fit=FIT, estimates=estimates)
    OVERSTATEMENT_PAIRS.validate(found)
    return found


def test_ratio_by_hand():
    # 10.2 kW, U 0.6, PUE 1.3, 300 tokens, 1,300 tok/s: 0.510 Wh; twice the node power: 1.02 Wh.
    small, large = pairs(estimate("a"), estimate("b", model="Large")).iter_rows(named=True)
    assert (small["study_wh"], small["factor"]) == pytest.approx((0.51, 10.0))
    assert (large["study_wh"], large["factor"]) == pytest.approx((1.02, 5.0))
    assert (small["boundary"], small["extrapolated"]) == ("datacenter", False)


@pytest.mark.parametrize("lengths", [{"input_tokens": 5001.0}, {"output_tokens": 100.0}])
def test_lengths_outside_the_benchmarks_are_marked(lengths):
    assert pairs(estimate("a", **lengths))["extrapolated"].to_list() == [True]


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "Other"},
        {"model": None},
        {"kind": "provider_measurement"},
        {"kind": "throughput_based"},
        {"boundary": "GPU"},
        {"boundary": "never heard of"},
        {"input_tokens": None},
        {"output_tokens": None},
    ],
)
def test_what_is_not_like_for_like_is_left_out(changes):
    assert pairs(estimate("a", **changes)).is_empty()
    assert pairs(estimate("a", **changes), estimate("b"))["row_id"].to_list() == ["b"]
