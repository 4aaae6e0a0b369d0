"""The log-linear fit of node throughput."""

import numpy as np
import pytest
from inference_energy.errors import InputError
from inference_energy.throughput import fit as fit_curve
from inference_energy.throughput import throughput_fit, usable_rows

LENGTHS_IN = np.array([100.0, 1000, 100, 5000])
LENGTHS_OUT = np.array([100.0, 100, 2000, 700])


def test_synthetic_law_is_recovered_and_capped():
    observed = np.exp(9 - 0.5 * np.log(LENGTHS_IN) + 0.2 * np.log(LENGTHS_OUT))
    curve = fit_curve(LENGTHS_IN, LENGTHS_OUT, observed, 3)
    assert (curve.intercept, curve.slope_input, curve.slope_output) == pytest.approx((9, -0.5, 0.2))
    assert curve.tok_per_s(1, 1e6) == observed.max()


def test_two_rows_give_the_larger_everywhere():
    curve = fit_curve(LENGTHS_IN[:2], LENGTHS_OUT[:2], np.array([50.0, 20]), 3)
    assert curve.tok_per_s(np.array([1, 1e6]), 7) == pytest.approx(50)


def test_published_fit(fit):
    by_model = {row["model"]: row for row in fit.iter_rows(named=True)}
    llama = by_model["Llama 3.1 405B"]
    assert llama["rows"] == 7
    assert [llama[k] for k in ("intercept", "slope_input", "slope_output")] == pytest.approx(
        [9.762, -0.5854, 0.2266], abs=1e-3
    )
    assert (by_model["DeepSeek-R1"]["rows"], by_model["DeepSeek-R1"]["cap_tok_per_s"]) == (3, 1300)


def test_row_order_changes_nothing(rows, fit):
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)
    arguments = {"study": "joule-2026", "precision": "FP8", "minimum_rows": 3}
    assert throughput_fit(throughput=shuffled, **arguments)[0].equals(fit)


def test_other_precisions_and_unknown_lengths_are_left_out(rows):
    assert set(usable_rows(rows, "FP8")["precision"]) == {"FP8"}
    assert len(usable_rows(rows, "FP16")) == 0  # their prompt lengths are unknown


def test_one_row_is_skipped_and_none_is_an_error(rows):
    one = rows.filter(rows["row_id"].is_in(["01", "04", "19", "22"]))
    arguments = {"study": "s", "minimum_rows": 3}
    assert throughput_fit(throughput=one, precision="FP8", **arguments)[0]["model"].to_list() == ["DeepSeek-R1"]
    with pytest.raises(InputError, match="FP4"):
        throughput_fit(throughput=rows, precision="FP4", **arguments)
