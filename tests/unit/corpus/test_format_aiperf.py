"""Summaries of AIPerf and GenAI-Perf."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import aiperf
from inference_energy.corpus.formats.registry import recognised
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value


def metric(unit, avg, **statistics):
    return {"unit": unit, "avg": avg} | statistics


def gpu(name="Example H100", watts=500.0, **metrics):
    return {"gpu_name": name, "metrics": {"gpu_power_usage": metric("W", watts)} | metrics}


def telemetry(*gpus, endpoint="localhost:9400"):
    return {"endpoints": {endpoint: {"gpus": {f"gpu_{index}": found for index, found in enumerate(gpus)}}}}


# 200 answers of 100 tokens in 10 s are 2,000 tokens/s; 1,000 W for 10 s are 10,000 J, 0.5 J per token.
METRICS = {
    "request_count": metric("requests", 200.0),
    "output_token_throughput": metric("tokens/sec", 2000.0),
    "output_sequence_length": metric("tokens", 100.0, min=100, max=100),
    "input_sequence_length": metric("tokens", 812.5, min=700, max=900),
    "time_to_first_token": metric("ms", 120.0, p50=100.0, p99=300.0),
    "inter_token_latency": metric("ms", 12.5, p50=12.0, p90=13.0, p95=14.0, p99=15.0),
    "benchmark_duration": metric("sec", 10.0),
}
POWER = {
    "total_gpu_power": metric("W", 1000.0),
    "total_gpu_energy": metric("J", 10_000.0),
    "output_tokens_per_joule": metric("tokens/J", 2.0),
}
CONFIG = {
    "endpoint": {"model_names": ["acme/Example-70B"], "type": "chat"},
    "loadgen": {"concurrency": 32, "request_count": 200},
}
RUN = {
    "input_config": CONFIG,
    "was_cancelled": False,
    "error_summary": [],
    "start_time": "2026-04-05T06:07:08.9",
    "end_time": "2026-04-05T06:07:18.9",
}
EXPORT = METRICS | POWER | RUN | {"telemetry_data": telemetry(gpu(watts=490.0), gpu(watts=495.0))}
ID = "acme/Example-70B/in-812.5/out-100/concurrency-32/2026-04-05T06:07:08.9"


def read(tmp_path, document):
    path = tmp_path / "profile_export_aiperf.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return aiperf.read(path)


def one(tmp_path, **changes):
    """The throughput row and the energy row of the export with some changes; a change to null takes a key away."""
    document = {key: value for key, value in (EXPORT | changes).items() if value is not None}
    tables = read(tmp_path, document).tables
    energy = tables.get("measured_energy")
    return tables["throughput"].row(0, named=True), None if energy is None else energy.row(0, named=True)


def without_totals(**changes):
    return dict.fromkeys(POWER) | changes


def test_every_value_is_mapped(tmp_path):
    throughput, energy = one(tmp_path)
    place = {"row_id": ID, "file": str(tmp_path / "profile_export_aiperf.json"), "line": 1}
    assert throughput == place | {
        "phase": "prefill_and_decode",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "model": "acme/Example-70B",
        "gpu": "Example H100",
        "gpus": "2",  # 490 + 495 W are within 5 % of 1,000 W
        "engine": None,
        "load": "closed_loop",
        "input_tokens": "812.5",
        "input_length_kind": "mean",
        "output_tokens": "100.0",
        "output_length_kind": "fixed",
        "concurrency": "32",
        "throughput_tok_per_s": "2000.0",
        "published_on": "2026-04-05",
        "time_to_first_token_mean_ms": "120.0",
        "time_to_first_token_p50_ms": "100.0",
        "time_to_first_token_p99_ms": "300.0",
        "time_per_output_token_mean_ms": "12.5",
        "time_per_output_token_p50_ms": "12.0",
        "time_per_output_token_p99_ms": "15.0",
        "note": None,
    }
    assert energy == place | {
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "whole_run",
        "validity": "not_stated",
        "energy_j_per_output_token": "0.5",
        "power_w": "1000.0",
        "duration_s": "10.0",
        "inter_token_latency_mean_ms": "12.5",
        "inter_token_latency_p50_ms": "12.0",
        "inter_token_latency_p90_ms": "13.0",
        "inter_token_latency_p95_ms": "14.0",
        "inter_token_latency_p99_ms": "15.0",
    }


def test_the_layout_of_2025_has_all_metrics_under_records(tmp_path):
    document = RUN | {"records": METRICS | POWER, "telemetry_data": EXPORT["telemetry_data"]}
    old, new = read(tmp_path, document).tables, read(tmp_path, EXPORT).tables
    assert all(old[name].equals(new[name]) for name in ("throughput", "measured_energy"))


def test_genai_perf(tmp_path):
    # 300 + 350 W / 2,000 tokens/s; the counter of energy runs since the driver was loaded and says nothing of the run.
    stats = {
        "gpu_power_usage": {"unit": "W", "gpu0": {"avg": 300.0}, "gpu1": {"avg": 350.0}},
        "energy_consumption": {"unit": "MJ", "gpu0": {"avg": 0.1}, "gpu1": {"avg": 0.2}},
        "gpu_power_limit": {"unit": "W", "gpu0": {"avg": 700.0}, "gpu1": {"avg": 700.0}},
    }
    config = {"model": ["acme/Example-8B"], "concurrency": 16, "request_rate": None, "backend": "vllm"}
    document = METRICS | {"telemetry_stats": stats, "input_config": config, "request_count": metric("count", 200)}
    tables = read(tmp_path, document).tables
    throughput, energy = tables["throughput"].row(0, named=True), tables["measured_energy"].row(0, named=True)
    assert (throughput["model"], throughput["engine"], throughput["concurrency"]) == ("acme/Example-8B", "vLLM", "16")
    assert (throughput["gpu"], throughput["gpus"], throughput["published_on"]) == (None, None, None)
    assert throughput["note"] == "GPUs in the telemetry: 2, perhaps not those behind the throughput"
    assert (energy["power_w"], energy["energy_j_per_output_token"]) == ("650.0", "0.325")


@pytest.mark.parametrize(
    ("gpus", "count"),
    [
        ([gpu(watts=476.0), gpu(watts=475.0)], "2"),  # 4.9 % below the total
        ([gpu(watts=470.0), gpu(watts=475.0)], None),
        ([gpu(watts=500.0)], None),
        ([gpu(watts=1000.0), gpu(watts=0.0)], None),  # one without a measurement
        ([], None),
    ],
)
def test_the_list_of_gpus_counts_only_where_its_power_is_the_total(tmp_path, gpus, count):
    throughput, energy = one(tmp_path, telemetry_data=telemetry(*gpus))
    assert throughput["gpus"] == count
    assert (energy["power_w"], energy["energy_j_per_output_token"]) == ("1000.0", "0.5")
    note = f"GPUs in the telemetry: {len(gpus)}, perhaps not those behind the throughput"
    assert throughput["note"] == (note if gpus and count is None else None)


@pytest.mark.parametrize(
    ("changes", "joules", "watts"),
    [
        ({"output_tokens_per_joule": None}, "0.5", "1000.0"),  # 10,000 J / 20,000 tokens
        ({"output_tokens_per_joule": None, "total_gpu_energy": metric("kJ", 10.0)}, "0.5", "1000.0"),
        ({"output_tokens_per_joule": None, "total_gpu_energy": metric("Wh", 10.0)}, "1.8", "1000.0"),
        ({"output_tokens_per_joule": None, "total_gpu_energy": None}, "0.5", "1000.0"),  # 1,000 W / 2,000 tokens/s
        ({"total_gpu_power": metric("kW", 1.2)}, "0.5", "1200.0"),
        (without_totals(), "0.4925", "985.0"),  # of the listed GPUs
        (without_totals(total_gpu_energy=metric("J", 0.0)), "0.4925", "985.0"),
        ({"total_gpu_power": None, "telemetry_data": None}, "0.5", None),
    ],
)
def test_energy_follows_from_what_is_measured(tmp_path, changes, joules, watts):
    _, energy = one(tmp_path, **changes)
    assert (energy["energy_j_per_output_token"], energy["power_w"]) == (joules, watts)


def test_no_measurement_gives_no_energy(tmp_path):
    zero = {"total_gpu_power": metric("W", 0), "total_gpu_energy": metric("J", 0.0)}
    for changes in (
        without_totals(telemetry_data=None),
        without_totals(telemetry_data=telemetry(gpu(watts=0)), **zero),
    ):
        assert one(tmp_path, **changes)[1] is None


def test_names_of_version_1_5(tmp_path):
    named = {f"nvidia_{key}": value for key, value in POWER.items()} | {"nvidia_average_gpu_power": metric("W", 900.0)}
    listed = {"gpu_name": "Example H100", "metrics": {"nvidia_power_usage": metric("W", 1000.0)}}
    throughput, energy = one(tmp_path, **without_totals(telemetry_data=telemetry(listed), **named))
    assert (throughput["gpus"], energy["power_w"], energy["energy_j_per_output_token"]) == ("1", "1000.0", "0.5")
    amd = {"gpu_name": "Example MI300X", "metrics": {"amd_power": metric("W", 700.0)}}
    throughput, energy = one(tmp_path, **without_totals(telemetry_data=telemetry(amd)))
    assert (throughput["gpu"], throughput["gpus"], energy["power_w"]) == ("Example MI300X", None, "700.0")


@pytest.mark.parametrize(
    ("config", "load", "concurrency"),
    [
        ({"loadgen": {"concurrency": 8}}, "closed_loop", "8"),
        ({"loadgen": {"concurrency": 8, "request_rate": 5.0}}, "closed_loop", "8"),
        ({"loadgen": {"request_rate": 5.0}}, "server", None),
        ({"loadgen": {}, "input": {"fixed_schedule": True}}, "server", None),
        ({"loadgen": {}}, None, None),
        ({"request_rate": 2.0}, "server", None),
        ({"perf_analyzer": {"stimulus": {"concurrency": 4}}}, "closed_loop", "4"),
        (
            {"phases": [{"kind": "warmup", "concurrency": 1}, {"kind": "profiling", "concurrency": 9}]},
            "closed_loop",
            "9",
        ),
        ({"phases": [{"name": "profiling", "type": "poisson", "rate": 3.0}]}, "server", None),
        ({"phases": [{"name": "profiling", "type": "fixed_schedule"}]}, "server", None),
        ({"phases": [{"kind": "profiling", "concurrency": 9}, {"kind": "profiling", "concurrency": 1}]}, None, None),
    ],
)
def test_load(tmp_path, config, load, concurrency):
    throughput, _ = one(tmp_path, input_config=config)
    assert (throughput["load"], throughput["concurrency"]) == (load, concurrency)


@pytest.mark.parametrize(
    ("config", "model"),
    [
        ({"model_names": ["a/b"]}, "a/b"),
        ({"model": "a/b"}, "a/b"),
        ({"models": ["a/b"]}, "a/b"),
        ({"models": {"strategy": "random", "items": [{"name": "a/b"}]}}, "a/b"),
        ({"models": [{"name": "a/b"}, {"name": "a/b"}]}, "a/b"),
        ({}, None),
        ({"model": [3]}, None),
    ],
)
def test_model(tmp_path, config, model):
    assert one(tmp_path, input_config=config)[0]["model"] == model


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"error_request_count": metric("requests", 3.0)}, "3 failed requests"),
        ({"error_request_count": metric("requests", 0.0)}, None),
        ({"was_cancelled": True}, "cancelled before its end"),
    ],
)
def test_notes(tmp_path, changes, note):
    assert one(tmp_path, **changes)[0]["note"] == note


def test_latencies_are_converted_by_their_unit(tmp_path):
    throughput, _ = one(
        tmp_path, time_to_first_token=metric("s", 0.25, p50=0, p99=1.5), inter_token_latency=metric("us", 9000.0)
    )
    names = [f"time_to_first_token_{name}_ms" for name in ("mean", "p50", "p99")]
    assert [throughput[name] for name in names] == ["250.0", None, "1500.0"]
    assert throughput["time_per_output_token_mean_ms"] == "9.0"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_gpu_power": metric("hp", 3.0)}, "total_gpu_power: unit: found 'hp'; allowed: W, kW or mW"),
        ({"total_gpu_energy": metric("cal", 3.0)}, "total_gpu_energy: unit: found 'cal'"),
        ({"total_gpu_energy": {"avg": 3.0}}, "total_gpu_energy: unit: found None"),
        ({"output_tokens_per_joule": metric("tokens/kJ", 3.0)}, "output_tokens_per_joule: unit: found 'tokens/kJ'"),
        ({"output_token_throughput": metric("tokens/min", 3.0)}, "output_token_throughput: unit: found 'tokens/min'"),
        ({"output_sequence_length": metric("words", 3.0)}, "output_sequence_length: unit: found 'words'"),
        ({"time_to_first_token": metric("minutes", 3.0)}, "time_to_first_token: unit: found 'minutes'"),
        (
            {"telemetry_data": telemetry(gpu(), gpu("Example A100"))},
            "found Example A100 or Example H100; allowed: GPUs of",
        ),
        ({"amd_total_gpu_power": metric("W", 10.0)}, "telemetry: found GPU or amd; allowed: GPUs of one name"),
        ({"host_power": metric("W", 10.0)}, "taken for an export of AIPerf, found host_power"),
        ({"telemetry_data": telemetry(gpu(hbm_power=metric("W", 1.0)))}, "found hbm_power"),
        ({"input_config": {"model_names": ["a", "b"]}}, "input_config: found 2 models; allowed: one"),
        ({"input_config": None}, "found no output_token_throughput together with input_config"),
        ({"output_token_throughput": None}, "found no output_token_throughput together with input_config"),
    ],
)
def test_other_files_are_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message) as error:
        one(tmp_path, **changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty"), (b"\xff", "not UTF-8"), (b"[]", "found list"), (b"{", "not valid JSON")]
)
def test_broken_files_are_refused(tmp_path, content, message):
    path = tmp_path / "profile_export_aiperf.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        aiperf.read(path)


def test_no_other_format_claims_the_file(tmp_path):
    for document in (EXPORT, RUN | {"records": METRICS}):
        path = tmp_path / "profile_export_aiperf.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        assert recognised(path) == "aiperf_json"


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(EXPORT)) | mutated_value(EXPORT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(aiperf.read, tmp_path / "profile_export_aiperf.json", text)
