"""Limits of arithmetic, bandwidth and memory, by hand."""

import pytest
from check_rows import hardware, models, rows_of, throughput
from inference_energy.corpus.checks.roofline import impossible, with_limits

UNKNOWN_INPUT = {"input_tokens": None, "input_length_kind": "unknown"}
ONE_GPU = {"gpus": 1}


def found(*rows, model=None, gpu=None):
    return impossible(with_limits(throughput(*rows), models(model or {}), hardware(gpu or {})))


def compute_limit(row, gpu=None):
    return with_limits(throughput(row), models({}), hardware(gpu or {}))["compute_limit"].item()


def only(findings, check):
    return findings.filter(check=check)


def test_decode_alone_takes_two_operations_per_parameter():
    # 1979e12 / (2 * 70e9)
    assert compute_limit(UNKNOWN_INPUT) == pytest.approx(14_135.7, abs=0.05)


@pytest.mark.parametrize(
    ("lengths", "limit"),
    [
        ({"input_tokens": 1000, "output_tokens": 1000}, 7_067.86),
        ({"input_tokens": 3000, "output_tokens": 1000}, 3_533.93),
        ({"input_tokens": 1000, "input_length_kind": "mean"}, 14_135.71),
        ({"output_tokens": 1000, "output_length_kind": "mean"}, 14_135.71),
    ],
)
def test_prompts_count_only_where_both_lengths_are_fixed(lengths, limit):
    assert compute_limit(lengths) == pytest.approx(limit, abs=0.01)


@pytest.mark.parametrize(
    ("row", "limit"), [(UNKNOWN_INPUT, 14_135.714), ({"input_tokens": 1000, "output_tokens": 1000}, 7_067.857)]
)
def test_just_below_the_arithmetic_passes_and_just_above_is_raised(row, limit):
    rows = [row | {"gpus": 8, "throughput_tok_per_s": limit * 8 * factor} for factor in (0.999, 1.001)]
    raised = only(found(*rows), "above_compute_limit")
    assert rows_of(raised) == ["1"]
    assert raised["severity"].item() == "error"
    assert raised["expected"].item() == pytest.approx(limit, abs=0.01)
    assert raised["found"].item() == pytest.approx(limit * 1.001, rel=1e-6)


@pytest.mark.parametrize(
    ("precision", "peaks", "limit"),
    [
        ("FP4", {}, 14_135.71),  # the H100 has no FP4: its FP8 peak
        ("MXFP4", {}, 14_135.71),
        ("INT4", {}, 14_135.71),
        ("FP4", {"peak_fp4_tflop_per_s": 9000}, 64_285.71),
        ("FP8", {"peak_fp8_tflop_per_s": None}, 7_064.29),  # nor FP8: 989e12 / 140e9
        ("INT8", {"peak_fp16_tflop_per_s": 312, "peak_fp8_tflop_per_s": None, "peak_int8_tflop_per_s": 624}, 4_457.14),
        ("INT8", {"peak_int8_tflop_per_s": None}, 14_135.71),
        ("BF16", {}, 7_064.29),
        ("FP16", {}, 7_064.29),
    ],
)
def test_weights_are_computed_in_the_format_the_gpu_has(precision, peaks, limit):
    assert compute_limit(UNKNOWN_INPUT | {"precision": precision}, peaks) == pytest.approx(limit, abs=0.01)


def test_active_parameters_and_not_all_are_computed_and_read():
    limits = with_limits(
        throughput(UNKNOWN_INPUT | {"concurrency": 10}),
        models({"total_parameters_billions": 671, "active_parameters_billions": 37}),
        hardware({}),
    )
    assert limits["compute_limit"].item() == pytest.approx(26_743.2, abs=0.1)  # 1979e12 / 74e9
    assert limits["memory_limit"].item() == pytest.approx(905.4, abs=0.1)  # 10 * 3350 / 37
    assert limits["weights_gb"].item() == pytest.approx(671)


def test_gpu_without_any_peak_raises_nothing():
    peaks = {f"peak_{name}_tflop_per_s": None for name in ("fp16", "fp8", "int8")}
    assert found(ONE_GPU | {"throughput_tok_per_s": 1e8}, gpu=peaks | {"memory_gb": 80}).is_empty()


@pytest.mark.parametrize(
    ("precision", "limit"),
    # 8 requests * 3350 GB/s over the weights: 70 GB in FP8, twice that in BF16, half of it in FP4.
    [("FP8", 382.857), ("BF16", 191.429), ("FP4", 765.714)],
)
def test_one_read_of_the_weights_per_step(precision, limit):
    rows = [
        {"precision": precision, "concurrency": 8, "throughput_tok_per_s": 8 * limit * factor}
        for factor in (0.999, 1.001)
    ]
    raised = only(found(*rows), "above_memory_limit")
    assert rows_of(raised) == ["1"]
    assert raised["severity"].item() == "error"
    assert raised["expected"].item() == pytest.approx(limit, abs=0.01)


def test_memory_limit_in_the_message():
    message = found({"concurrency": 8, "throughput_tok_per_s": 4000})["message"].item()
    assert message == "500 output tok/s/GPU; reading the weights once per step allows at most 382.9"


def test_weights_larger_than_the_memory_of_all_gpus():
    big = {"total_parameters_billions": 405, "active_parameters_billions": 405}
    raised = found({"precision": "FP16"}, {"precision": "FP8"}, {"precision": "FP16", "gpus": 16}, model=big)
    assert rows_of(raised) == ["0"]
    finding = raised.row(0, named=True)
    assert (finding["check"], finding["severity"]) == ("weights_do_not_fit", "error")
    assert (finding["found"], finding["expected"], finding["unit"]) == (810, 640, "GB")
    assert "FP16 weights of Llama 3.1 70B take 810 GB; 8 x H100 SXM 80GB hold 640 GB" in finding["message"]


def test_weights_that_fill_the_memory_exactly_fit():
    assert found({"gpus": 1}, model={"total_parameters_billions": 80, "active_parameters_billions": 1}).is_empty()
    assert rows_of(found({"gpus": 1}, model={"total_parameters_billions": 80.1, "active_parameters_billions": 1})) == [
        "0"
    ]


def test_unknown_gpus_raise_no_weights_and_unknown_concurrency_no_memory_limit():
    # The same row is above both limits once its GPUs and its concurrency are known.
    known = {"gpus": 1, "concurrency": 1, "throughput_tok_per_s": 400, "precision": "FP16", "throughput_scope": "gpu"}
    assert sorted(found(known)["check"]) == ["above_memory_limit", "weights_do_not_fit"]
    assert found(known | {"gpus": None, "concurrency": None}).is_empty()


def test_row_without_output_throughput_passes_its_rates():
    assert found({"phase": "prefill", "concurrency": 1, "throughput_tok_per_s": 1e9}).is_empty()


def test_one_row_can_be_above_several_limits():
    raised = found({"gpus": 1, "concurrency": 1, "precision": "FP16", "throughput_tok_per_s": 1e6})
    assert sorted(raised["check"]) == ["above_compute_limit", "above_memory_limit", "weights_do_not_fit"]
