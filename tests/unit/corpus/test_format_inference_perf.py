"""Summaries of inference-perf."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import inference_perf
from inference_energy.corpus.formats.registry import recognised
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value


def statistics(mean, median, p99, **ends):
    return {"mean": mean, "median": median, "p99": p99} | ends


SUMMARY = {
    "load_summary": {"count": 500, "schedule_delay": statistics(0.1, 0.1, 0.2)},
    "successes": {
        "count": 498,
        "latency": {
            "request_latency": statistics(4.0, 3.9, 9.0),
            "time_per_output_token": statistics(0.0139, 0.013, 0.02),
            "time_to_first_token": statistics(0.5, 0.4, 2.0),
        },
        "throughput": {
            "input_tokens_per_sec": 9000.0,
            "output_tokens_per_sec": 3000.0,
            "total_tokens_per_sec": 12000.0,
        },
        "prompt_len": statistics(300.0, 300.0, 310.0, min=290, max=320),
        "output_len": statistics(100.0, 100.0, 100.0, min=100, max=100),
    },
    "failures": {"count": 2, "request_latency": None},
}


def read(tmp_path, load=None, **successes):
    document = SUMMARY | {"successes": SUMMARY["successes"] | successes}
    path = tmp_path / "summary_lifecycle_metrics.json"
    path.write_text(json.dumps(document | {"load_summary": SUMMARY["load_summary"] | (load or {})}), encoding="utf-8")
    return inference_perf.read(path)


def one(tmp_path, load=None, **successes):
    return read(tmp_path, load, **successes).tables["throughput"].row(0, named=True)


def test_every_value_is_mapped(tmp_path):
    assert one(tmp_path) == {
        "row_id": "inference-perf/in-300/out-100/requests-500",
        "phase": "prefill_and_decode",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "load": None,
        "input_tokens": "300.0",
        "input_length_kind": "mean",
        "output_tokens": "100.0",
        "output_length_kind": "fixed",
        "concurrency": None,
        "throughput_tok_per_s": "3000.0",
        "time_to_first_token_mean_ms": "500.0",
        "time_to_first_token_p50_ms": "400.0",
        "time_to_first_token_p99_ms": "2000.0",
        "time_per_output_token_mean_ms": "13.9",
        "time_per_output_token_p50_ms": "13.0",
        "time_per_output_token_p99_ms": "20.0",
        "note": "2 failed requests",
        "file": str(tmp_path / "summary_lifecycle_metrics.json"),
        "line": 1,
    }


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ({"requested_rate": 5.0}, ("server", None)),
        ({"requested_rate": 5.0, "concurrency": 32}, ("closed_loop", "32.0")),
        ({"requested_rate": 0, "concurrency": "many"}, (None, None)),
    ],
)
def test_a_stage_states_its_load(tmp_path, load, expected):
    row = one(tmp_path, load)
    assert (row["load"], row["concurrency"]) == expected


def test_lengths_as_the_server_counts_them(tmp_path):
    row = one(tmp_path, prompt_len=None, prompt_tokens={"total": 9.0, "mean": 310.0}, output_len={"mean": 0})
    assert (row["input_tokens"], row["input_length_kind"]) == ("310.0", "mean")
    assert (row["output_tokens"], row["output_length_kind"]) == (None, "unknown")


def test_a_summary_without_success_is_counted(tmp_path):
    reading = read(tmp_path, throughput={"output_tokens_per_sec": 0.0})
    assert reading.left_out == {"summary without a successful request": 1}
    assert reading.tables["throughput"].is_empty()


def test_missing_latencies_are_null(tmp_path):
    row = one(tmp_path, latency={"time_to_first_token": None})
    assert row["time_to_first_token_mean_ms"] is row["time_per_output_token_mean_ms"] is None


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([SUMMARY], "found list; allowed: an object"),
        ({}, "found no successes.throughput.output_tokens_per_sec together with load_summary"),
        (SUMMARY | {"failures": None}, "found no successes.throughput"),
        (SUMMARY | {"successes": {"throughput": {}}}, "allowed: summary_lifecycle_metrics.json of inference-perf"),
        (SUMMARY | {"energy_kwh": 1.0}, "taken for a summary of inference-perf, found energy_kwh"),
    ],
)
def test_other_files_are_refused(tmp_path, document, message):
    path = tmp_path / "summary_lifecycle_metrics.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        inference_perf.read(path)
    assert "\n" not in str(error.value)


def test_no_other_format_claims_the_file(tmp_path):
    read(tmp_path)
    assert recognised(tmp_path / "summary_lifecycle_metrics.json") == "inference_perf_json"


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(SUMMARY)) | mutated_value(SUMMARY))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(inference_perf.read, tmp_path / "summary_lifecycle_metrics.json", text)
