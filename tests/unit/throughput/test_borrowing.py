"""Throughput borrowed from related configurations."""

import numpy as np
import polars as pl
import pytest
from inference_energy.throughput.borrowing import COEFFICIENTS, KINSHIPS, borrowed, left_out_configurations, with_facts
from inference_energy.throughput.fits import (
    PER_GPU,
    coefficients,
    left_out,
    measured_at_several_lengths,
    summary,
    with_fit_error,
)

OLD = {"gpu": "old", "precision": "BF16", "peak": 1000.0, "bandwidth": 3000.0, "bytes": 2.0}
NEW = {"gpu": "new", "precision": "FP8", "peak": 2000.0, "bandwidth": 6000.0, "bytes": 1.0}
SMALL, LARGE, SPARSE = (
    {"network": network, "active": active, "architecture": architecture}
    for network, active, architecture in (("small", 10.0, "dense"), ("large", 40.0, "dense"), ("sparse", 40.0, "moe"))
)
ONE = (1e-3, 2e-3, 1e-6)
MODELS = pl.DataFrame(
    {
        "model": ["Llama", "Llama tuned", "Other"],
        "same_network_as": [None, "Llama", None],
        "active_parameters_billions": [10.0, 10.0, 40.0],
        "architecture": ["dense", "dense", "moe"],
    }
)
HARDWARE = pl.DataFrame(
    {
        "gpu": ["old", "new"],
        "memory_bandwidth_gb_per_s": [3000.0, 6000.0],
        "peak_fp16_tflop_per_s": [1000.0, 1500.0],
        "peak_fp8_tflop_per_s": [None, 2000.0],
        "peak_fp4_tflop_per_s": pl.Series([None, None], dtype=pl.Float64),
        "peak_int8_tflop_per_s": [1000.0, 2000.0],
    }
)


def member(name, *parts, values=ONE):
    facts = {key: value for part in parts for key, value in part.items()}
    return {"configuration": name, **facts, **dict(zip(COEFFICIENTS, values, strict=True)), "kv_growth": 0.6}


def borrow(target, relatives, kinship):
    """Coefficients of `target`, itself among the facts."""
    form = borrowed(pl.DataFrame([target, *relatives]), target, kinship)
    return form and (form.prefill, form.decode, form.attention)


def fitted(model, gpu, precision, name=None):
    row = {"configuration": name or f"{model} {gpu}", "model": model, "gpu": gpu, "precision": precision}
    return {**row, **dict(zip(COEFFICIENTS, ONE, strict=True)), "kv_growth": 0.6, "source": "s"}


def test_other_version_is_taken_as_it_is():
    assert borrow(member("v2", SMALL, OLD, values=(9, 9, 9)), [member("v1", SMALL, OLD)], "other_version") == ONE


def test_other_gpu_scales_with_peak_bandwidth_and_bytes():
    # half the arithmetic; half the bandwidth and twice the bytes; half the bandwidth
    found = borrow(member("mine", SMALL, OLD, values=(9, 9, 9)), [member("its", SMALL, NEW)], "other_gpu")
    assert found == pytest.approx((2e-3, 8e-3, 2e-6))


def test_other_gpu_scales_back():
    found = borrow(member("mine", SMALL, NEW, values=(9, 9, 9)), [member("its", SMALL, OLD)], "other_gpu")
    assert found == pytest.approx((0.5e-3, 0.5e-3, 0.5e-6))


def test_other_gpu_of_the_same_format_reads_the_same_bytes():
    found = borrow(member("mine", SMALL, OLD, {"bytes": 1.0}), [member("its", SMALL, NEW)], "other_gpu")
    assert found == pytest.approx((2e-3, 4e-3, 2e-6))


@pytest.mark.parametrize(("mine", "kinship"), [(LARGE, "other_model"), (SPARSE, "other_architecture")])
def test_other_model_scales_with_active_parameters(mine, kinship):
    found = borrow(member("mine", mine, OLD, values=(9, 9, 9)), [member("its", SMALL, OLD)], kinship)
    assert found == pytest.approx((4e-3, 8e-3, 2e-6))


@pytest.mark.parametrize(("its", "kinship"), [(LARGE, "other_model"), (SPARSE, "other_architecture")])
def test_other_model_scales_back(its, kinship):
    found = borrow(member("mine", SMALL, OLD, values=(9, 9, 9)), [member("its", its, OLD)], kinship)
    assert found == pytest.approx((0.25e-3, 0.5e-3, 0.5e-6))


def test_each_relative_is_scaled_by_its_own_facts():
    relatives = [member("a", LARGE, OLD), member("b", LARGE | {"network": "huge", "active": 160.0}, OLD)]
    found = borrow(member("mine", SMALL, OLD), relatives, "other_model")
    # the median of two is their mean: sizes 1/4 and 1/16, roots 1/2 and 1/4
    assert found == pytest.approx((1e-3 * 5 / 32, 2e-3 * 5 / 32, 1e-6 * 3 / 8))


def test_median_is_taken_coefficient_by_coefficient():
    relatives = [
        member(name, SMALL, OLD, values=values)
        for name, values in (("a", (1, 9, 5)), ("b", (2, 7, 60)), ("c", (3, 8, 4)))
    ]
    assert borrow(member("mine", SMALL, OLD, values=(0, 0, 0)), relatives, "other_version") == (2, 8, 5)


def test_kv_growth_is_the_target_s():
    facts = pl.DataFrame([member("v1", SMALL, OLD), member("v2", SMALL, OLD)])
    assert borrowed(facts, {**facts.row(0, named=True), "kv_growth": 0.5}, "other_version").kv_growth == 0.5


@pytest.mark.parametrize("kinship", KINSHIPS)
def test_own_coefficients_never_enter(kinship):
    parts = {"version": (SMALL, OLD), "gpu": (SMALL, NEW), "model": (LARGE, OLD), "architecture": (SPARSE, OLD)}
    relatives = [member(name, *facts) for name, facts in parts.items()]
    before, after = (
        borrow(member("mine", SMALL, OLD, values=values), relatives, kinship) for values in (ONE, (7, 8, 9))
    )
    assert before is not None
    assert before == after


@pytest.mark.parametrize(
    ("kinship", "stranger"),
    [
        ("other_version", member("gpu", SMALL, NEW)),
        ("other_version", member("precision", SMALL, OLD, {"precision": "FP8"})),
        ("other_version", member("model", LARGE, OLD)),
        ("other_gpu", member("version", SMALL, OLD)),
        ("other_gpu", member("precision", SMALL, OLD, {"precision": "FP8"})),
        ("other_gpu", member("model and gpu", LARGE, NEW)),
        ("other_model", member("version", SMALL, OLD)),
        ("other_model", member("precision", LARGE, OLD, {"precision": "FP8"})),
        ("other_model", member("model and gpu", LARGE, NEW)),
        ("other_model", member("architecture", SPARSE, OLD)),
        ("other_architecture", member("version", SMALL, OLD)),
        ("other_architecture", member("model of the same", LARGE, OLD)),
        ("other_architecture", member("precision", SPARSE, OLD, {"precision": "FP8"})),
        ("other_architecture", member("architecture and gpu", SPARSE, NEW)),
    ],
)
def test_strangers_are_no_relatives(kinship, stranger):
    assert borrow(member("mine", SMALL, OLD), [stranger], kinship) is None


@pytest.mark.parametrize("kinship", KINSHIPS)
def test_alone_there_is_nothing_to_borrow(kinship):
    assert borrow(member("mine", SMALL, OLD), [], kinship) is None


def test_facts_by_hand():
    found = with_facts(pl.DataFrame([fitted("Other", "new", "FP8"), fitted("Llama", "old", "FP8")]), MODELS, HARDWARE)
    assert found.select("network", "active", "architecture", "bandwidth", "bytes", "peak").rows() == [
        ("Other", 40, "moe", 6000, 1, 2000),
        ("Llama", 10, "dense", 3000, 1, 1000),  # no FP8 arithmetic: FP16's
    ]


@pytest.mark.parametrize(
    ("tuned", "kinship"), [(("old", "BF16"), "other_version"), (("new", "FP8"), "other_gpu")], ids=KINSHIPS[:2]
)
def test_a_model_on_the_same_network_is_no_other_model(tuned, kinship):
    fits = pl.DataFrame([fitted("Llama", "old", "BF16"), fitted("Llama tuned", *tuned)])
    facts = with_facts(fits, MODELS, HARDWARE)
    target = facts.row(0, named=True)
    found = [name for name in KINSHIPS if borrowed(facts, target, name)]
    assert facts["network"].to_list() == ["Llama", "Llama"]
    assert found == [kinship]


@pytest.fixture(scope="module")
def real(rows):
    return measured_at_several_lengths(rows, 6)


def predicted(real, corpus):
    return left_out_configurations(real, coefficients(real, 0.6), corpus["model"], corpus["hardware"])


@pytest.fixture(scope="module")
def real_predictions(real, corpus):
    return predicted(real, corpus)


@pytest.fixture(scope="module")
def real_summary(real, real_predictions):
    errors = [with_fit_error(left_out(real, 0.6)), with_fit_error(real_predictions, prior_rows=np.inf)]
    return {row["form"]: row for row in summary(pl.concat(errors), ["form"]).iter_rows(named=True)}


@pytest.mark.parametrize(
    ("kinship", "error"),
    [("other_version", 1.331), ("other_gpu", 1.374), ("other_model", 1.457), ("other_architecture", 2.022)],
)
def test_real_borrowed_throughput_is_rougher_the_farther_the_relatives(real_summary, kinship, error):
    found = real_summary[f"borrowed_{kinship}"]
    assert real_summary["gpu_seconds"]["ratio_geometric_sd"] < 1.11
    assert found["ratio_geometric_sd"] == pytest.approx(error, abs=0.001)
    assert 0.88 <= found["share_inside_90"] <= 0.95


def test_kinships_go_from_near_to_far(real_summary):
    errors = [real_summary[f"borrowed_{kinship}"]["ratio_geometric_sd"] for kinship in KINSHIPS]
    assert errors == sorted(errors)


def test_every_real_configuration_has_relatives_on_another_gpu(real, real_predictions):
    direct = real_predictions.filter(form="borrowed_other_gpu")
    assert sorted(direct["row_id"]) == sorted(real["row_id"])


@pytest.mark.parametrize(
    ("kinship", "keys"),
    [
        *((kinship, ["model", "gpu"]) for kinship in ("other_gpu", "other_model", "other_architecture")),
        ("other_version", ["configuration"]),
    ],
)
def test_real_rows_do_not_predict_themselves(real, real_predictions, corpus, kinship, keys):
    target = real.filter(model="Llama 3.1 405B", gpu="H200 SXM 141GB").select(keys).head(1)
    mine = pl.all_horizontal(pl.col(key) == target[key].item() for key in keys)
    wrong = real.with_columns(pl.when(mine).then(pl.col(PER_GPU) * 3).otherwise(PER_GPU))
    form = f"borrowed_{kinship}"
    before, after = (frame.filter(form=form) for frame in (real_predictions, predicted(wrong, corpus)))
    column = "predicted_tok_per_s_per_gpu"
    assert before.filter(mine)[column].to_list() == after.filter(mine)[column].to_list() != []
    assert before.filter(~mine)[column].to_list() != after.filter(~mine)[column].to_list()
