"""The log-linear fit of node throughput."""

import re

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.studies.study import Throughput
from inference_energy.throughput import log_linear
from inference_energy.throughput.log_linear import fit as fit_curve, throughput_fit, usable_rows

CHOSEN = Throughput.of({"sources": ["oviedo"], "corrected": False, "precision": "FP8", "minimum_rows": 3})
LENGTHS_IN = np.array([100.0, 1000, 100, 5000])
LENGTHS_OUT = np.array([100.0, 100, 2000, 700])


def test_a_curve_is_drawn_from_10_to_50_000_tokens_in_three_parts():
    """Of a model with 2,000 tokens a second at any lengths, measured at 100 to 400."""
    known = {"form": "constant", "intercept": np.log(2000), "slope_input": 0.0, "slope_output": 0.0}
    fit = pl.DataFrame(
        [known | {"model": "M", "cap_tok_per_s": 1e9, "output_tokens_min": 100.0, "output_tokens_max": 400.0}]
    )
    found = log_linear.throughput_curve(fit, 500.0)
    ends = found.group_by("part", maintain_order=True).agg(
        first=pl.col("output_tokens").first(), last=pl.col("output_tokens").last(), points=pl.len()
    )
    assert ends["part"].to_list() == ["shorter", "fitted", "longer"]
    assert ends["first"].to_list() == pytest.approx([10, 100, 400])
    assert ends["last"].to_list() == pytest.approx([100, 400, 50_000])
    assert ends["points"].to_list() == [40, 40, 40]
    assert found["tok_per_s"].to_list() == pytest.approx([2000.0] * 120)


def test_synthetic_distribution_is_recovered_and_capped():
    observed = np.exp(9 - 0.5 * np.log(LENGTHS_IN) + 0.2 * np.log(LENGTHS_OUT))
    curve = fit_curve(LENGTHS_IN, LENGTHS_OUT, observed, 3)
    assert (curve.intercept, curve.slope_input, curve.slope_output) == pytest.approx((9, -0.5, 0.2))
    assert curve.tok_per_s(1, 1e6) == observed.max()


def test_two_rows_give_the_larger_everywhere():
    curve = fit_curve(LENGTHS_IN[:2], LENGTHS_OUT[:2], np.array([50.0, 20]), 3)
    assert curve.tok_per_s(np.array([1, 1e6]), 7) == pytest.approx(50)


def test_as_many_rows_as_are_needed_are_fitted():
    rows = (np.array([100.0, 100, 400]), np.array([50.0, 200, 200]), np.array([900.0, 700, 500]))
    assert fit_curve(*rows, 3).form == "log_linear"
    assert fit_curve(*rows, 4).form == "constant"


def test_error_of_rows_left_out_is_a_root_mean_square_by_hand():
    """The largest throughput holds for all: of 100, 200 and 800 tok/s it is 800 for the first two, 200 for the last."""
    observed = [100.0, 200.0, 800.0]
    group = pl.DataFrame({"input_tokens": [1.0] * 3, "output_tokens": [1.0] * 3, "node_tok_per_s": observed})
    found, ratios = log_linear._fit_model(group, minimum_rows=4)
    assert ratios["left_out_tok_per_s"].to_list() == pytest.approx([800.0, 800.0, 200.0])
    assert (found["leave_one_out_ratio_min"], found["leave_one_out_ratio_max"]) == pytest.approx((1 / 4, 8.0))
    # Logarithms of the ratios in units of ln 2: 3, 2 and -2 without the row, 3, 2 and 0 with it.
    assert found["leave_one_out_ratio_geometric_sd"] == pytest.approx(2 ** np.sqrt((9 + 4 + 4) / 3))
    assert found["fit_ratio_geometric_sd"] == pytest.approx(2 ** np.sqrt((9 + 4) / 3))


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
    assert fitted(shuffled)[0].equals(fit)


def fitted(rows, study="joule-2026", **choice):
    return throughput_fit(study, CHOSEN.replaced(**choice), rows, rows.clear())


def usable(rows, **choice):
    return usable_rows(rows, CHOSEN.replaced(**choice))


def test_other_precisions_and_unknown_lengths_are_left_out(rows):
    fp8 = usable(rows)
    assert (set(fp8["precision"]), len(fp8)) == ({"FP8"}, 22)
    assert len(usable(rows, precision="FP16")) == 0  # their prompt lengths are unknown


def test_only_the_chosen_sources_and_gpus_are_used(rows):
    assert set(usable(rows)["source"]) == {"oviedo"}
    assert usable(rows, gpus=["H200 SXM 141GB"])["row_id"].to_list() == ["22", "23"]
    assert len(usable(rows, gpus=[])) == 0
    both = usable(rows, sources=["oviedo", "tensorrt_llm"], gpus=["H200 SXM 141GB"])
    assert set(both["source"]) == {"oviedo", "tensorrt_llm"}
    assert set(both["gpu"]) == {"H200 SXM 141GB"}


def test_throughput_of_a_node_is_eight_times_that_of_a_gpu(rows):
    assert dict(usable(rows)["row_id", "node_tok_per_s"].iter_rows())["22"] == pytest.approx(1300)
    per_gpu = rows.filter(rows["row_id"] == "v0.17/Llama-3.1-8B/H200/FP8/TP1/128-128")
    node = usable(per_gpu, sources=["tensorrt_llm"])
    assert node["node_tok_per_s"].item() == pytest.approx(8 * 29526.04)


def test_one_row_is_skipped_and_none_is_an_error(rows):
    one = rows.filter((rows["source"] == "oviedo") & rows["row_id"].is_in(["01", "04", "19", "22"]))
    assert fitted(one)[0]["model"].to_list() == ["DeepSeek-R1"]
    message = "throughput.precision: no model has two usable 'FP4' rows; precisions in its sources: FP16 or FP8"
    with pytest.raises(InputError, match=re.escape(message)):
        fitted(rows, precision="FP4")


def test_source_without_rows_is_named(rows):
    with pytest.raises(InputError, match=r"study s: throughput\.sources: found 'jegham'; allowed: deepseek, "):
        fitted(rows, "s", sources=["oviedo", "jegham"])


def test_leaving_out_rows_of_a_gpu_changes_the_fit(rows, fit):
    h100, used = fitted(rows, gpus=["H100 SXM 80GB"])
    assert "DeepSeek-R1" not in h100["model"].to_list()  # one H100 row is left
    assert (set(used["gpu"]), len(used)) == ({"H100 SXM 80GB"}, 19)
    same = fit.filter(fit["model"] == "Llama 3.1 405B")
    assert h100.filter(h100["model"] == "Llama 3.1 405B").equals(same)
