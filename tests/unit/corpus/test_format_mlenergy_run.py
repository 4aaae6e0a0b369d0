"""results.json of one run of the ML.ENERGY benchmark."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import mlenergy_run
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

REQUEST = {"input_len": 100, "output_len": 300, "energy": 30.0, "success": True, "error": ""}
RUN = {
    "date": "20260110-080000",
    "model_id": "acme/Tiny-8B",
    "gpu_model": "H100",
    "num_gpus": 2,
    "max_num_seqs": 64,
    "num_prompts": 2,
    "completed": 2,
    "duration": 100.0,
    "steady_state_duration": 50.0,
    "steady_state_energy": 60000.0,
    "steady_state_energy_per_token": 0.125,
    "output_throughput": 9000.0,
    "total_input_tokens": 400,
    "total_output_tokens": 900,
    "request_rate": "inf",
    "burstiness": 1.0,
    "max_concurrency": None,
    "mean_ttft_ms": 120.0,
    "median_itl_ms": 11.0,
    "p99_itl_ms": 25.0,
    "results": [REQUEST, REQUEST | {"output_len": 500}],
    "steady_state_measurement": {"time": 50.0, "gpu_energy": {"0": 30000.0, "1": 30000.0}, "cpu_energy": None},
    "entire_benchmark_measurement": {"time": 100.0, "gpu_energy": {"0": 50000.0, "1": 50000.0}},
    "timeline": {"power": {"0": [[0.0, 300.0]]}},
}
ID = "acme/Tiny-8B/H100/gpus-2/batch-64/20260110-080000"


def read(tmp_path, **changes):
    path = tmp_path / "results.json"
    run = {key: value for key, value in (RUN | changes).items() if value is not ...}
    path.write_text(json.dumps(run, indent=2))
    return mlenergy_run.read(path)


def one(tmp_path, **changes):
    return read(tmp_path, **changes).tables["throughput"].row(0, named=True)


def test_throughput(tmp_path):
    row = one(tmp_path)
    expected = {
        "row_id": ID,
        "model": "acme/Tiny-8B",
        "gpu": "H100",
        "gpus": "2",
        "engine": "vLLM",
        "load": "closed_loop",
        "concurrency": None,
        "input_tokens": "100.0",
        "input_length_kind": "fixed",
        "output_tokens": "400.0",  # of 300 and 500
        "output_length_kind": "mean",
        "throughput_tok_per_s": "9000.0",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "time_to_first_token_mean_ms": "120.0",
        "published_on": "2026-01-10",
        "note": None,
        "line": 1,
    }
    assert {column: row[column] for column in expected} == expected


def test_energy_is_of_the_steady_state(tmp_path):
    assert read(tmp_path).tables["measured_energy"].row(0, named=True) == {
        "row_id": ID,
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "steady_state",
        "validity": "not_stated",
        "energy_j_per_output_token": "0.125",
        "power_w": "1200.0",  # 60000 J / 50 s
        "batch_limit": "64",
        "duration_s": "50.0",
        "inter_token_latency_mean_ms": None,
        "inter_token_latency_p50_ms": "11.0",
        "inter_token_latency_p90_ms": None,
        "inter_token_latency_p95_ms": None,
        "inter_token_latency_p99_ms": "25.0",
        "file": str(tmp_path / "results.json"),
        "line": 1,
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steady_state_energy_per_token": 0}, "energy of a run without a steady state"),
        ({"steady_state_energy_per_token": None}, "energy of a run without a steady state"),
        ({"completed": 1}, "energy of a run of which requests failed"),
    ],
)
def test_energy_that_does_not_count_is_told(tmp_path, changes, reason):
    reading = read(tmp_path, **changes)
    assert reading.left_out == {reason: 1}
    assert list(reading.tables) == ["throughput"]


def test_failed_requests_are_told_and_their_lengths_left_out(tmp_path):
    row = one(tmp_path, completed=1, results=[REQUEST, REQUEST | {"output_len": 0, "success": False}])
    assert (row["output_tokens"], row["output_length_kind"], row["note"]) == ("300.0", "mean", "1 failed requests")


def test_without_requests_lengths_are_those_of_the_totals(tmp_path):
    row = one(tmp_path, results=[])
    assert (row["input_tokens"], row["output_tokens"], row["output_length_kind"]) == ("200.0", "450.0", "mean")


def test_gpus_are_counted_where_they_are_not_stated(tmp_path):
    row = one(tmp_path, num_gpus=..., gpu_model=...)
    assert (row["gpus"], row["gpu"]) == ("2", None)
    assert one(tmp_path, num_gpus=..., steady_state_measurement=None)["gpus"] is None


@pytest.mark.parametrize(
    ("changes", "load"),
    [
        ({"request_rate": None}, "closed_loop"),
        ({"request_rate": 5.0}, "server"),
        ({"max_concurrency": 32}, "closed_loop"),
    ],
)
def test_load(tmp_path, changes, load):
    assert one(tmp_path, **changes)["load"] == load


def test_prefill_on_gpus_of_its_own(tmp_path):
    row = one(tmp_path, steady_state_prefill_energy=20000.0, steady_state_decode_energy=40000.0)
    assert row["serving"] == "disaggregated"


def test_energy_of_the_host_is_told(tmp_path):
    measured = RUN["steady_state_measurement"] | {"cpu_energy": {"0": 9000.0}}
    assert (
        one(tmp_path, steady_state_measurement=measured)["note"] == "energy of CPU and memory in the file is not read"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"steady_state_energy": ...},
            "line 1: found no key steady_state_energy; allowed: results.json of",
        ),
        ({"num_gpus": 4}, "num_gpus: found 4 and energy of 2"),
        ({"node_energy": 5.0}, "found node_energy"),
        ({"results": "none"}, "results: found str; allowed: a list"),
    ],
)
def test_wrong_files_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, **changes)


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(RUN)) | mutated_value(RUN))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(mlenergy_run.read, tmp_path / "results.json", text)
