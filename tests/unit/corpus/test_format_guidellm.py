"""Reports of GuideLLM."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import guidellm
from inference_energy.corpus.formats.registry import recognised
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value


def successful(mean, low=None, high=None, **percentiles):
    ends = {"min": mean if low is None else low, "max": mean if high is None else high}
    return {"successful": {"mean": mean, "percentiles": percentiles} | ends, "errored": {"mean": 0.0}}


BENCHMARK = {
    "type_": "generative_benchmark",
    "config": {
        "strategy": {"type_": "concurrent", "streams": 16},
        "backend": {"kind": "openai_http", "model": "acme/Example-8B"},
    },
    "scheduler_state": {"start_time": 1_767_225_600.0, "errored_requests": 0},  # 2026-01-01T00:00:00Z
    "metrics": {
        "request_concurrency": successful(15.5),
        "prompt_token_count": successful(1024.0, 1000, 1050),
        "output_token_count": successful(256.0),
        "time_to_first_token_ms": successful(300.0, p50=280.0, p99=900.0),
        "time_per_output_token_ms": successful(21.0, p50=20.5, p99=30.0),
        "inter_token_latency_ms": successful(20.0, p50=19.5, p99=29.0),
        "output_tokens_per_second": successful(640.0),
        "tokens_per_second": successful(3200.0),
    },
}
REPORT = {
    "metadata": {"version": 2, "guidellm_version": "0.8.0"},
    "config": {"metadata": {}, "spec": {"backend": {"model": "acme/Example-8B-of-all"}}},
    "benchmarks": [BENCHMARK],
}


def benchmark(strategy=None, backend=None, **changes):
    config = BENCHMARK["config"] | ({"strategy": strategy} if strategy else {})
    return BENCHMARK | {"config": config | ({"backend": backend} if backend is not None else {})} | changes


def with_metrics(**metrics):
    return BENCHMARK | {"metrics": BENCHMARK["metrics"] | metrics}


def read(tmp_path, *benchmarks, indent=None, **changes):
    path = tmp_path / "benchmarks.json"
    entries = list(benchmarks) or REPORT["benchmarks"]
    path.write_text(json.dumps(REPORT | {"benchmarks": entries} | changes, indent=indent), encoding="utf-8")
    return guidellm.read(path)


def one(tmp_path, entry):
    return read(tmp_path, entry).tables["throughput"].row(0, named=True)


def test_every_value_is_mapped(tmp_path):
    assert one(tmp_path, BENCHMARK) == {
        "row_id": "acme/Example-8B/concurrent/concurrency-16/in-1024/out-256",
        "phase": "prefill_and_decode",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "model": "acme/Example-8B",
        "load": "closed_loop",
        "input_tokens": "1024.0",
        "input_length_kind": "mean",
        "output_tokens": "256.0",
        "output_length_kind": "fixed",
        "concurrency": "15.5",
        "throughput_tok_per_s": "640.0",
        "published_on": "2026-01-01",
        "time_to_first_token_mean_ms": "300.0",
        "time_to_first_token_p50_ms": "280.0",
        "time_to_first_token_p99_ms": "900.0",
        "time_per_output_token_mean_ms": "20.0",
        "time_per_output_token_p50_ms": "19.5",
        "time_per_output_token_p99_ms": "29.0",
        "note": None,
        "file": str(tmp_path / "benchmarks.json"),
        "line": 1,
    }


@pytest.mark.parametrize(
    ("strategy", "load", "name"),
    [
        ({"type_": "synchronous"}, "closed_loop", "concurrency-1"),
        ({"type_": "throughput"}, "offline", "in-1024"),
        ({"type_": "throughput", "max_concurrency": 64}, "closed_loop", "concurrency-64"),
        ({"type_": "constant", "rate": 3.0}, "server", "rate-3.0"),
        ({"type_": "poisson", "rate": 3.0}, "server", "rate-3.0"),
        ({"type_": "trace"}, "server", "in-1024"),
        ({"type_": "new"}, None, "in-1024"),
    ],
)
def test_load(tmp_path, strategy, load, name):
    row = one(tmp_path, benchmark(strategy))
    assert (row["load"], row["row_id"].split("/")[3]) == (load, name)


def test_one_row_per_benchmark_with_its_line(tmp_path):
    entries = [BENCHMARK, benchmark({"type_": "synchronous"}), BENCHMARK]
    table = read(tmp_path, *entries, indent=1).tables["throughput"]
    lines = json.dumps(REPORT | {"benchmarks": entries}, indent=1).split("\n")
    assert [lines[line] for line in table["line"]] == ['   "type_": "generative_benchmark",'] * 3
    assert table["row_id"].str.ends_with("/run-2").to_list() == [False, False, True]


def test_the_report_names_the_model_where_a_benchmark_does_not(tmp_path):
    assert one(tmp_path, benchmark(backend={"model": None}))["model"] == "acme/Example-8B-of-all"
    path = tmp_path / "benchmarks.json"
    path.write_text(json.dumps({"metadata": {"version": 2}, "benchmarks": [benchmark(backend={})]}), encoding="utf-8")
    assert guidellm.read(path).tables["throughput"]["model"].to_list() == [None]


def test_failures_and_missing_values(tmp_path):
    row = one(tmp_path, benchmark(scheduler_state={"start_time": 1e300, "errored_requests": 4}))
    assert (row["note"], row["published_on"]) == ("4 failed requests", None)
    row = one(
        tmp_path, with_metrics(prompt_token_count=None, time_to_first_token_ms=successful(0.0), request_concurrency=[])
    )
    assert (row["input_tokens"], row["input_length_kind"], row["time_to_first_token_mean_ms"]) == (
        None,
        "unknown",
        None,
    )
    assert row["concurrency"] == "16"


def test_a_benchmark_without_success_is_counted(tmp_path):
    reading = read(tmp_path, BENCHMARK, with_metrics(output_tokens_per_second=successful(0.0)))
    assert reading.left_out == {"benchmark without a successful request": 1}
    assert reading.tables["throughput"].height == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metadata": {"version": 1}}, "metadata.version: found 1; allowed: 2, .* again with a newer GuideLLM"),
        ({"metadata": None}, "metadata.version: found None"),
        ({"benchmarks": []}, "found no benchmarks of type_ generative_benchmark"),
        ({"benchmarks": {"type_": "generative_benchmark"}}, "found no benchmarks"),
        ({"benchmarks": [BENCHMARK, {"type_": "other"}]}, "benchmarks entry 2: found no metrics"),
        ({"benchmarks": [BENCHMARK, BENCHMARK | {"metrics": None}]}, "benchmarks entry 2: found no metrics"),
        ({"benchmarks": [BENCHMARK | {"gpu_energy_j": 4.0}]}, "a report of GuideLLM, found gpu_energy_j"),
    ],
)
def test_other_files_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, **changes)
    assert "\n" not in str(error.value)


def test_no_other_format_claims_the_file(tmp_path):
    read(tmp_path, BENCHMARK)
    assert recognised(tmp_path / "benchmarks.json") == "guidellm_json"


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(REPORT)) | mutated_value(REPORT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(guidellm.read, tmp_path / "benchmarks.json", text)
