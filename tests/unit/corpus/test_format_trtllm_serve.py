"""Results of TensorRT-LLM's serving client."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import trtllm_serve
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

RESULT = {
    "date": "20260301-120000",
    "backend": "openai",
    "model_id": "acme/Tiny-8B",
    "num_prompts": 100,
    "gpu": "H100",
    "duration": 50.0,
    "completed": 100,
    "total_input_tokens": 100000,
    "total_output_tokens": 20000,
    "output_throughput": 400.0,
    "user_throughput": 60.0,
    "avg_decoded_tokens_per_iter": {"mean": 1.0},
    "energy": {"total_energy_j": 30000.0, "output_tps_per_w": 0.66, "total_gpu_power_w": 595.0},
    "mean_ttft_ms": 50.0,
    "median_itl_ms": 12.5,
    "p99_itl_ms": 30.0,
    "request_rate": "inf",
    "max_concurrency": 32,
}


def read(tmp_path, *results):
    path = tmp_path / "result.json"
    path.write_text("\n".join(map(json.dumps, results)))
    return trtllm_serve.read(path)


def test_throughput(tmp_path):
    row = read(tmp_path, RESULT).tables["throughput"].row(0, named=True)
    expected = {
        "row_id": "acme/Tiny-8B/concurrency-32/20260301-120000",
        "model": "acme/Tiny-8B",
        "gpu": "H100",
        "engine": "TensorRT-LLM",
        "load": "closed_loop",
        "input_tokens": "1000.0",
        "output_tokens": "200.0",
        "throughput_tok_per_s": "400.0",
        "throughput_counts": "output",
        "time_to_first_token_mean_ms": "50.0",
        "published_on": "2026-03-01",
        "note": None,
        "line": 1,
    }
    assert {column: row[column] for column in expected} == expected


def test_energy(tmp_path):
    energy = read(tmp_path, RESULT).tables["measured_energy"].row(0, named=True)
    assert energy == {
        "row_id": "acme/Tiny-8B/concurrency-32/20260301-120000",
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "whole_run",
        "validity": "not_stated",
        "energy_j_per_output_token": "1.5",  # 30000 J / 20000 tokens
        "power_w": "595.0",
        "duration_s": "50.0",
        "inter_token_latency_mean_ms": None,
        "inter_token_latency_p50_ms": "12.5",
        "inter_token_latency_p90_ms": None,
        "inter_token_latency_p95_ms": None,
        "inter_token_latency_p99_ms": "30.0",
        "file": str(tmp_path / "result.json"),
        "line": 1,
    }


@pytest.mark.parametrize("energy", [None, {}, {"total_energy_j": 0}, {"total_energy_j": None}])
def test_without_a_measurement_there_is_no_energy(tmp_path, energy):
    assert list(read(tmp_path, RESULT | {"energy": energy}).tables) == ["throughput"]


def test_several_tokens_per_step_are_speculative_decoding(tmp_path):
    result = RESULT | {"avg_decoded_tokens_per_iter": {"mean": 2.5}, "completed": 98}
    row = read(tmp_path, result).tables["throughput"].row(0, named=True)
    assert row["note"] == "2 failed requests; speculative decoding"


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([{key: value for key, value in RESULT.items() if key != "user_throughput"}], "no key user_throughput"),
        ([RESULT, {"a": 1}], "line 2 entry 2 of 2: found no key completed, model_id or user_throughput"),
        ([RESULT | {"node_power_w": 900}], "found node_power_w"),
    ],
)
def test_wrong_files_are_refused(tmp_path, results, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, *results)


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(RESULT)) | mutated_value(RESULT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(trtllm_serve.read, tmp_path / "result.json", text)
