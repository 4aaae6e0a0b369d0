"""Reports of trtllm-bench."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import trtllm_bench
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

REPORT = {
    "engine": {"model": "acme/Tiny-8B", "version": "1.2.0", "dtype": "bfloat16", "quantization": "NVFP4"},
    "machine": {"name": "NVIDIA B200", "memory.total": 180.0},
    "world_info": {"tp_size": 2, "pp_size": 2, "ep_size": None, "world_size": 4},
    "request_info": {
        "num_requests": 100,
        "avg_num_concurrent_requests": 55.5,
        "avg_input_length": 1000.0,
        "avg_output_length": 500.0,
    },
    "performance": {
        "total_latency_ms": 20000.0,
        "system_output_throughput_tok_s": 2500.0,
        "system_total_throughput_tok_s": 7500.0,
    },
    "streaming_metrics": {
        "avg_ttft_ms": 80.0,
        "ttft_percentiles": {"p50": 70.0, "p99": 150.0},
        "avg_tpot_ms": 20.0,
        "tpot_percentiles": {"p50": 19.0, "p99": 30.0},
    },
    "decoding_stats": {"mode": "MTP"},
    "dataset": {"isl_stats": {"minimum": 1000.0, "maximum": 1000.0}, "osl_stats": {"minimum": 100, "maximum": 900}},
    "energy": {"total_energy_j": 40000.0, "output_tps_per_w": 1.25, "average_gpu_power": 2000.0},
}


def read(tmp_path, content):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(content, indent=4))
    return trtllm_bench.read(path)


def one(tmp_path, part, **changes):
    return read(tmp_path, REPORT | {part: REPORT[part] | changes}).tables["throughput"].row(0, named=True)


def test_every_value_is_mapped(tmp_path):
    tables = read(tmp_path, REPORT).tables
    assert tables["throughput"].row(0, named=True) == {
        "row_id": "acme/Tiny-8B/tp-2/in-1000.0/out-500.0/concurrency-55.5",
        "model": "acme/Tiny-8B",
        "gpu": "NVIDIA B200",
        "gpus": "4",
        "engine": "TensorRT-LLM",
        "engine_version": "1.2.0",
        "precision": "FP4",
        "tensor_parallel": "2",
        "pipeline_parallel": "2",
        "expert_parallel": None,
        "phase": "prefill_and_decode",
        "input_tokens": "1000.0",
        "input_length_kind": "fixed",
        "output_tokens": "500.0",
        "output_length_kind": "mean",
        "concurrency": "55.5",
        "throughput_tok_per_s": "2500.0",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "speculative_decoding": "mtp",
        "time_to_first_token_mean_ms": "80.0",
        "time_to_first_token_p50_ms": "70.0",
        "time_to_first_token_p99_ms": "150.0",
        "time_per_output_token_mean_ms": "20.0",
        "time_per_output_token_p50_ms": "19.0",
        "time_per_output_token_p99_ms": "30.0",
        "file": str(tmp_path / "report.json"),
        "line": 1,
    }
    assert tables["measured_energy"].row(0, named=True) == {
        "row_id": "acme/Tiny-8B/tp-2/in-1000.0/out-500.0/concurrency-55.5",
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "whole_run",
        "validity": "not_stated",
        "energy_j_per_output_token": "0.8",  # 40000 J / (100 requests of 500 tokens)
        "power_w": "2000.0",  # 40000 J / 20 s
        "duration_s": "20.0",
        "file": str(tmp_path / "report.json"),
        "line": 1,
    }


@pytest.mark.parametrize(
    ("quantization", "precision"),
    [
        (None, "BF16"),
        ("NO_QUANT", "BF16"),
        ("FP8_BLOCK_SCALES", "FP8"),
        ("W4A8_AWQ", "INT4"),
        ("W8A8_SQ_PER_CHANNEL", "INT8"),
        ("W4A16_MXFP4", "MXFP4"),
        ("MIXED_PRECISION", None),
    ],
)
def test_precision(tmp_path, quantization, precision):
    assert one(tmp_path, "engine", quantization=quantization)["precision"] == precision


def test_gpus_of_reports_without_a_world_size(tmp_path):
    assert one(tmp_path, "world_info", world_size=None)["gpus"] == "4"
    assert one(tmp_path, "world_info", world_size=None, pp_size=None)["gpus"] is None


@pytest.mark.parametrize("part", ["machine", "streaming_metrics", "decoding_stats", "dataset", "energy"])
def test_parts_that_a_report_may_lack(tmp_path, part):
    tables = read(tmp_path, REPORT | {part: None}).tables
    row = tables["throughput"].row(0, named=True)
    assert row["throughput_tok_per_s"] == "2500.0"
    missing = {
        "machine": "gpu",
        "streaming_metrics": "time_to_first_token_p50_ms",
        "decoding_stats": "speculative_decoding",
    }
    assert part not in missing or row[missing[part]] is None
    assert row["input_length_kind"] == ("mean" if part == "dataset" else "fixed")
    assert ("measured_energy" in tables) == (part != "energy")


def test_how_requests_arrive_is_not_in_the_report(tmp_path):
    assert "load" not in read(tmp_path, REPORT).tables["throughput"].columns


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"engine": {}}, "found no key performance, request_info or world_info"),
        (REPORT | {"performance": {}}, "found no key system_output_throughput_tok_s"),
        (REPORT | {"performance": 3}, "found no key system_output_throughput_tok_s"),
        ([REPORT, {"a": 1}], "entry 2 of 2: found no key"),
        (REPORT | {"node_joules": 5}, "found node_joules"),
    ],
)
def test_wrong_files_are_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(REPORT)) | mutated_value(REPORT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(trtllm_bench.read, tmp_path / "report.json", text)
