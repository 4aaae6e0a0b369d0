"""Results of InferenceX: files of its runs, and rows of its API."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import inferencex
from inference_energy.corpus.formats.registry import recognised
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

# One node: 4 GPUs make 4 x 50 = 200 output tokens/s at 4 x 500 = 2,000 W, so 10 J per output token.
RESULT = {
    "hw": "h100-pool",
    "conc": 16,
    "image": "example/vllm-openai:v0.12.1",
    "model": "acme/Example-70B",
    "infmax_model_prefix": "example",
    "framework": "vllm",
    "precision": "fp8",
    "spec_decoding": "none",
    "disagg": False,
    "isl": 1024,
    "osl": 512,
    "is_multinode": False,
    "tp": 2,
    "pp": 2,
    "ep": 1,
    "dp_attention": "false",
    "tput_per_gpu": 150.0,
    "output_tput_per_gpu": 50.0,
    "input_tput_per_gpu": 100.0,
    "mean_ttft": 0.25,
    "median_ttft": 0.2,
    "p99_ttft": 0.9,
    "mean_tpot": 0.0417,
    "median_tpot": 0.04,
    "p99_tpot": 0.05,
    "mean_itl": 0.041,
    "p99_itl": 0.12,
}
POWER = {
    "power_metric_schema_version": 2,
    "power_valid": 1,
    "avg_power_w": 500.0,
    "avg_total_gpu_power_w": 2000.0,
    "total_gpu_energy_j": 200_000.0,
    "joules_per_successful_query": 5000.0,
    "joules_per_input_token": 5.0,
    "joules_per_output_token": 10.0,
    "joules_per_total_token": 3.3333,
}
# 4 prefill GPUs and 8 decode GPUs: 8 x 100 = 800 output tokens/s, (4 x 400 + 800) / 12 = 200 tokens/s per GPU.
SPLIT = {
    "is_multinode": True,
    "disagg": True,
    "framework": "dynamo-trt",
    "spec_decoding": "mtp",
    "num_prefill_gpu": 4,
    "num_decode_gpu": 8,
    "tput_per_gpu": 200.0,
    "input_tput_per_gpu": 400.0,
    "output_tput_per_gpu": 100.0,
    **{"prefill_tp": 4, "prefill_ep": 1, "prefill_num_workers": 1},
    **{"decode_tp": 4, "decode_ep": 2, "decode_num_workers": 2},
}
API = {
    "hardware": "h100",
    "framework": "sglang",
    "model": "example",
    "precision": "fp8",
    "spec_method": "mtp",
    "disagg": False,
    "is_multinode": False,
    **{"prefill_tp": 4, "prefill_ep": 4, "decode_tp": 4, "decode_ep": 4},
    **{"num_prefill_gpu": 16, "num_decode_gpu": 16},
    "benchmark_type": "single_turn",
    "isl": 8192,
    "osl": 1024,
    "conc": 8,
    "image": None,
    "metrics": {"tput_per_gpu": 900.0, "output_tput_per_gpu": 100.0, "input_tput_per_gpu": 800.0, "median_tpot": 0.02},
    "date": "2026-05-04T00:00:00.000Z",
    "run_url": "https://example.org/runs/7",
}
ID = "acme/Example-70B/h100-pool/vllm/fp8/none/tp2/ep1/in-1024/out-512/concurrency-16"


def read(tmp_path, *results, indent=None):
    path = tmp_path / "agg_example.json"
    document = results[0] if len(results) == 1 else list(results)
    path.write_text(json.dumps(document, indent=indent), encoding="utf-8")
    return inferencex.read(path)


def one(tmp_path, **changes):
    return read(tmp_path, RESULT | changes).tables["throughput"].row(0, named=True)


def energy(tmp_path, **changes):
    reading = read(tmp_path, RESULT | POWER | changes)
    table = reading.tables.get("measured_energy")
    return (None if table is None else table.row(0, named=True)), reading.left_out


def test_every_value_is_mapped(tmp_path):
    assert one(tmp_path) == {
        "row_id": ID,
        "model": "acme/Example-70B",
        "gpu": "h100",
        "gpus": "4",  # tensor 2 x pipeline 2
        "nodes": "1",
        "engine": "vLLM",
        "engine_version": "0.12.1",
        "precision": "FP8",
        "tensor_parallel": "2",
        "pipeline_parallel": "2",
        "expert_parallel": "1",
        "load": "closed_loop",
        "phase": "prefill_and_decode",
        "input_tokens": "1024",
        "input_length_kind": "mean",
        "output_tokens": "512",
        "output_length_kind": "mean",
        "concurrency": "16",
        "throughput_tok_per_s": "50.0",
        "throughput_counts": "output",
        "throughput_scope": "gpu",
        "evidence": "measured",
        "published_on": None,
        "url": None,
        "serving": "aggregated",
        "prefill_gpus": None,
        "decode_gpus": None,
        "speculative_decoding": "none",
        "time_to_first_token_mean_ms": "250.0",
        "time_to_first_token_p50_ms": "200.0",
        "time_to_first_token_p99_ms": "900.0",
        "time_per_output_token_mean_ms": "41.7",
        "time_per_output_token_p50_ms": "40.0",
        "time_per_output_token_p99_ms": "50.0",
        "note": "runner h100-pool; image example/vllm-openai:v0.12.1",
        "file": str(tmp_path / "agg_example.json"),
        "line": 1,
    }


def test_valid_power_gives_energy_of_all_gpus(tmp_path):
    row, left_out = energy(tmp_path)
    assert left_out == {}
    assert row == {
        "row_id": ID,
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "measured_over": "whole_run",
        "validity": "stated_valid",
        "energy_j_per_output_token": "10.0",
        "power_w": "2000.0",
        "duration_s": "100.0",  # 200,000 J / 2,000 W
        "inter_token_latency_mean_ms": "41.0",
        "inter_token_latency_p50_ms": None,
        "inter_token_latency_p90_ms": None,
        "inter_token_latency_p95_ms": None,
        "inter_token_latency_p99_ms": "120.0",
        "file": str(tmp_path / "agg_example.json"),
        "line": 1,
    }
    # 5,000 J per request at 5 J per input token and 10 J per output token.
    assert read(tmp_path, RESULT | POWER).tables["throughput"]["note"][0].endswith("mean lengths 1000 in, 500 out")


@pytest.mark.parametrize("flag", [0, False, "0", "false", "", [1], 2])
def test_power_that_is_not_stated_valid_is_left_out(tmp_path, flag):
    assert energy(tmp_path, power_valid=flag) == (None, {"power that the file states to be invalid": 1})


@pytest.mark.parametrize("flag", [1, True, "1", "true"])
def test_ways_to_state_validity(tmp_path, flag):
    assert energy(tmp_path, power_valid=flag)[0]["validity"] == "stated_valid"


def without(*keys):
    return dict.fromkeys(keys)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # Power of each GPU times their number, where the total is not stated.
        (without("power_valid", "power_metric_schema_version", "avg_total_gpu_power_w"), ("10.0", "2000.0")),
        # 2,000 W / 200 tokens/s, where joules are not stated.
        (without("power_valid", "joules_per_output_token"), ("10.0", "2000.0")),
        ({"power_valid": None, "avg_power_w": 0, "avg_total_gpu_power_w": 0}, ("10.0", None)),
    ],
)
def test_older_results_do_not_state_validity(tmp_path, changes, expected):
    row, left_out = energy(tmp_path, **changes)
    assert (row["energy_j_per_output_token"], row["power_w"]) == expected
    assert (row["validity"], left_out) == ("not_stated", {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (without("avg_power_w", "avg_total_gpu_power_w", "joules_per_output_token"), "without a value"),
        ({"power_metric_schema_version": 3}, "schema_version other than 1 and 2"),
        (without("joules_per_output_token") | {"output_tput_per_gpu": None}, "numbers that they follow from"),
    ],
)
def test_power_without_a_meaning_is_left_out_with_its_reason(tmp_path, changes, reason):
    row, left_out = energy(tmp_path, **changes)
    assert row is None
    assert [reason in found for found in left_out] == [True]


def test_a_result_without_power_has_no_energy_and_no_reason(tmp_path):
    reading = read(tmp_path, RESULT | {"avg_power_w": 0, "joules_per_output_token": 0})
    assert (set(reading.tables), reading.left_out) == ({"throughput"}, {})


def test_a_disaggregated_run_counts_the_output_of_its_decode_gpus(tmp_path):
    row = one(tmp_path, **SPLIT)
    assert (row["throughput_tok_per_s"], row["throughput_scope"], row["throughput_counts"]) == (
        "800.0",
        "instance",
        "output",
    )
    assert (row["serving"], row["gpus"], row["prefill_gpus"], row["decode_gpus"]) == ("disaggregated", "12", "4", "8")
    assert (row["engine"], row["speculative_decoding"], row["nodes"]) == ("Dynamo TensorRT-LLM", "mtp", None)
    assert (row["tensor_parallel"], row["expert_parallel"]) == (None, None)  # of one part they are not of the whole
    assert row["note"].endswith("1 x prefill TP4 EP1, 2 x decode TP4 EP2")
    assert "/p4/d8/" in row["row_id"]


@pytest.mark.parametrize("changes", [{"num_decode_gpu": 16}, {"num_prefill_gpu": None}, {"input_tput_per_gpu": 0}])
def test_a_disaggregated_run_that_its_gpus_do_not_explain_is_left_out(tmp_path, changes):
    reading = read(tmp_path, RESULT | SPLIT | changes)
    assert reading.left_out == {"disaggregated, with numbers of GPUs that do not explain the throughput": 1}
    assert reading.tables["throughput"].is_empty()


def test_joules_of_disaggregated_runs_must_be_of_all_gpus(tmp_path):
    # 12 GPUs x 500 W / 800 tokens/s = 7.5 J.
    old = SPLIT | without("power_valid", "power_metric_schema_version", "avg_total_gpu_power_w")
    row, _ = energy(tmp_path, **old, joules_per_output_token=7.6)
    assert (row["energy_j_per_output_token"], row["power_w"]) == ("7.6", "6000.0")
    row, left_out = energy(tmp_path, **old, joules_per_output_token=5.0)  # of the 8 decode GPUs alone
    assert row is None
    assert "not stated to be of all its GPUs" in next(iter(left_out))
    row, left_out = energy(tmp_path, **SPLIT, joules_per_output_token=7.5)
    assert (row["validity"], left_out) == ("stated_valid", {})


def test_rows_of_the_api(tmp_path):
    row = read(tmp_path, API | {"metrics": API["metrics"] | {"avg_power_w": 500.0}}, API | {"conc": 9}).tables
    first, second = row["throughput"].rows(named=True)
    assert first["row_id"] == "example/h100/sglang/fp8/mtp/tp4/ep4/in-8192/out-1024/concurrency-8/2026-05-04"
    # The experts are on the GPUs of the tensor-parallel group: 4, and not the stated 4 x 4.
    assert (first["gpus"], first["tensor_parallel"], first["expert_parallel"]) == ("4", "4", "4")
    assert (first["gpu"], first["engine"], first["speculative_decoding"]) == ("h100", "SGLang", "mtp")
    assert (first["published_on"], first["url"]) == ("2026-05-04", "https://example.org/runs/7")
    assert first["time_per_output_token_p50_ms"] == "20.0"
    assert second["concurrency"] == "9"
    measured = row["measured_energy"].rows(named=True)
    assert [(found["row_id"], found["energy_j_per_output_token"]) for found in measured] == [(first["row_id"], "5.0")]


@pytest.mark.parametrize(
    ("changes", "gpus"),
    [
        ({"pcp_size": 2}, "8"),
        ({"num_gpus": 6}, "6"),
        ({"tp": None}, None),
        ({"tp": 0, "decode_tp": 8, "pp": None}, "8"),
        ({"is_multinode": True, "num_prefill_gpu": 16, "num_decode_gpu": 0}, "16"),
        ({"is_multinode": True}, None),
        ({"tp": [4]}, None),
    ],
)
def test_gpus_of_aggregated_runs(tmp_path, changes, gpus):
    assert one(tmp_path, **changes)["gpus"] == gpus


@pytest.mark.parametrize(
    ("changes", "column", "cell"),
    [
        ({"output_tput_per_gpu": None}, "throughput_counts", "total"),
        ({"output_tput_per_gpu": None}, "throughput_tok_per_s", "150.0"),
        ({"output_tput_per_gpu": "many"}, "throughput_tok_per_s", "many"),
        ({"isl": None}, "input_length_kind", "unknown"),
        ({"mean_ttft": 0}, "time_to_first_token_mean_ms", None),
        ({"model": None}, "model", "example"),
        ({"hw": "cluster:b300-nv"}, "gpu", "b300"),
        ({"hw": "mi355x-amd_0"}, "gpu", "mi355x"),
        ({"precision": "int4"}, "precision", "INT4"),
        ({"framework": "mystery"}, "engine", "mystery"),
        ({"framework": "atom"}, "engine", "ATOM"),
        ({"framework": 7}, "engine", "7"),
        ({"image": "example/sgl-dev:sglang-0.5.9-rocm720-mori-1"}, "engine_version", "0.5.9"),
        ({"image": "example/atom:rocm7.2_py3.12_atom20260511"}, "engine_version", "20260511"),
        ({"image": "example#trt/release:1.3.0rc14"}, "engine_version", "1.3.0rc14"),
        ({"image": "example/vllm@sha256:00ff"}, "engine_version", None),
        ({"image": "example:5000/vllm:nightly"}, "engine_version", "nightly"),
        ({"spec_decoding": "eagle3"}, "speculative_decoding", "eagle"),
        ({"spec_decoding": "draft"}, "speculative_decoding", "other"),
        ({"spec_decoding": None}, "speculative_decoding", None),
    ],
)
def test_cells(tmp_path, changes, column, cell):
    assert one(tmp_path, **changes)[column] == cell


def test_notes(tmp_path):
    row = one(tmp_path, dp_attention="true", spec_decoding="draft", cpu_power_valid=1, avg_total_module_power_w=9000.5)
    assert row["note"].split("; ")[2:] == [
        "data-parallel attention",
        "speculative decoding by draft",
        "compute modules with their CPUs 9000.5 W",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scenario_type": "agentic-coding"}, "replay of agents' traces, with cached prompts"),
        ({"benchmark_type": "agentic_traces"}, "replay of agents' traces, with cached prompts"),
        ({"num_requests_successful": 0}, "failed run"),
        ({"benchmark_outcome": {"status": "failed"}}, "failed run"),
        ({"prefill_hw": "h100", "decode_hw": "h200"}, "two kinds of GPU"),
        ({"tput_per_gpu": 0, "output_tput_per_gpu": None}, "no throughput"),
    ],
)
def test_results_out_of_scope_are_counted(tmp_path, changes, reason):
    reading = read(tmp_path, RESULT, RESULT | changes)
    assert reading.left_out == {reason: 1}
    assert reading.tables["throughput"].height == 1


def test_lines_and_unique_ids(tmp_path):
    reading = read(tmp_path, RESULT | POWER, RESULT, RESULT | POWER, indent=1)
    size = len(json.dumps(RESULT | POWER, indent=1).split("\n"))
    less = len(json.dumps(RESULT, indent=1).split("\n"))
    assert reading.tables["throughput"]["line"].to_list() == [2, 2 + size, 2 + size + less]
    assert reading.tables["throughput"]["row_id"].to_list() == [ID, f"{ID}/run-2", f"{ID}/run-3"]
    assert reading.tables["measured_energy"]["row_id"].to_list() == [ID, f"{ID}/run-3"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "found an empty list"),
        (3, "found int"),
        ({}, "found keys none; allowed: results of InferenceX"),
        ([RESULT, {"hw": "h100"}], "found keys 'hw'; allowed: results of InferenceX"),
        ([RESULT, 5], "entry 2: found int; allowed: an object"),
        (API | {"metrics": None}, "allowed: results of InferenceX"),
        ({key: value for key, value in RESULT.items() if key != "tput_per_gpu"}, "and tput_per_gpu"),
        ([RESULT, RESULT | {"wall_power_w": 9.0}], r"results of InferenceX \(line 1\), found wall_power_w"),
    ],
)
def test_other_files_are_refused(tmp_path, document, message):
    path = tmp_path / "agg_example.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        inferencex.read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_no_other_format_claims_the_file(tmp_path):
    for document in (RESULT, [RESULT, RESULT | POWER], [API]):
        path = tmp_path / "agg_example.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        assert recognised(path) == "inferencex_json"


@pytest.mark.slow
@FUZZ
@given(
    text=mutated_text(json.dumps([RESULT | POWER, RESULT | SPLIT, API])) | mutated_value([RESULT | POWER | SPLIT, API])
)
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(inferencex.read, tmp_path / "agg_example.json", text)
