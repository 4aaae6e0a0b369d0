"""Results of vllm bench serve; also holds the mutations that other adapters' tests use."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import vllm_bench
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

RESULT = {
    "date": "20251123-101500",
    "endpoint_type": "openai-chat",
    "backend": "openai-chat",
    "label": None,
    "model_id": "acme/Example-8B",
    "tokenizer_id": "acme/Example-8B",
    "num_prompts": 100,
    "gpu": "H100",
    "num_gpus": "4",
    "tp": "2",
    "dtype": "bfloat16",
    "vllm_version": "0.11.0",
    "request_rate": "inf",
    "burstiness": 1.0,
    "max_concurrency": 64,
    "duration": 50.0,
    "completed": 100,
    "failed": 0,
    "total_input_tokens": 102400,
    "total_output_tokens": 25000,
    "output_throughput": 500.0,
    "total_token_throughput": 2548.0,
    "mean_ttft_ms": 90.5,
    "median_ttft_ms": 80.0,
    "p99_ttft_ms": 200.0,
    "mean_tpot_ms": 9.5,
    "median_tpot_ms": 9.0,
    "p99_tpot_ms": 20.0,
}


def throughput(tmp_path, *results):
    path = tmp_path / "result.json"
    path.write_text("\n".join(json.dumps(result) for result in results), encoding="utf-8")
    return vllm_bench.read(path).tables["throughput"].rows(named=True)


def one(tmp_path, **changes):
    return throughput(tmp_path, RESULT | changes)[0]


def test_every_value_is_mapped(tmp_path):
    assert one(tmp_path) == {
        "row_id": "acme/Example-8B/tp-2/concurrency-64/20251123-101500",
        "model": "acme/Example-8B",
        "gpu": "H100",
        "gpus": "4",
        "nodes": None,
        "engine": "vLLM",
        "engine_version": "0.11.0",
        "precision": "BF16",
        "tensor_parallel": "2",
        "pipeline_parallel": None,
        "expert_parallel": None,
        "data_parallel": None,
        "load": "closed_loop",
        "prompts": None,
        "phase": "prefill_and_decode",
        "input_tokens": "1024.0",
        "input_length_kind": "mean",
        "output_tokens": "250.0",
        "output_length_kind": "mean",
        "concurrency": "64",
        "throughput_tok_per_s": "500.0",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "published_on": "2025-11-23",
        "time_to_first_token_mean_ms": "90.5",
        "time_to_first_token_p50_ms": "80.0",
        "time_to_first_token_p99_ms": "200.0",
        "time_per_output_token_mean_ms": "9.5",
        "time_per_output_token_p50_ms": "9.0",
        "time_per_output_token_p99_ms": "20.0",
        "note": None,
        "file": str(tmp_path / "result.json"),
        "line": 1,
    }


def test_appended_results_have_their_lines_and_unique_ids(tmp_path):
    rows = throughput(tmp_path, RESULT, RESULT, RESULT | {"max_concurrency": None})
    assert [row["line"] for row in rows] == [1, 2, 3]
    name = "acme/Example-8B/tp-2/concurrency-64/20251123-101500"
    assert [row["row_id"] for row in rows] == [
        name,
        f"{name}/run-2",
        "acme/Example-8B/tp-2/rate-inf/20251123-101500",
    ]


def test_an_object_may_span_lines(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("\n" + json.dumps(RESULT, indent=2), encoding="utf-8")
    assert vllm_bench.read(path).tables["throughput"].select("line", "throughput_tok_per_s").row(0) == (2, "500.0")


def test_a_list_of_results(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps([RESULT, RESULT | {"max_concurrency": 8}], indent=1), encoding="utf-8")
    rows = vllm_bench.read(path).tables["throughput"]
    assert rows.select("line", "concurrency").rows() == [(2, "64"), (3 + len(RESULT) + 1, "8")]


def test_the_window_of_a_run_ends_at_its_date(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(RESULT), encoding="utf-8")
    window = (datetime(2025, 11, 23, 10, 14, 10), datetime(2025, 11, 23, 10, 15))  # 50 s
    assert vllm_bench.read(path).windows == {"acme/Example-8B/tp-2/concurrency-64/20251123-101500": window}
    for changes in ({"date": "20251399-101500"}, {"date": None}, {"duration": 0}, {"duration": 1e300}):
        path.write_text(json.dumps(RESULT | changes), encoding="utf-8")
        assert vllm_bench.read(path).windows == {}


@pytest.mark.parametrize("value", [0, 0.0, None, float("nan"), "90"])
def test_a_latency_that_was_not_measured_is_null(tmp_path, value):
    assert one(tmp_path, mean_ttft_ms=value)["time_to_first_token_mean_ms"] is None


@pytest.mark.parametrize(
    ("changes", "load"),
    [
        ({}, "closed_loop"),
        ({"max_concurrency": None}, "offline"),
        ({"max_concurrency": None, "request_rate": 4.0}, "server"),
        ({"max_concurrency": None, "ramp_up_strategy": "linear"}, "server"),
        ({"max_concurrency": True, "request_rate": [4]}, None),
    ],
)
def test_load(tmp_path, changes, load):
    assert one(tmp_path, **changes)["load"] == load


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([256, 256], ("256.0", "fixed")),
        ([256, 244], ("250.0", "mean")),
        ([], ("250.0", "mean")),
        ("256", ("250.0", "mean")),
        ([[256], [256]], ("250.0", "mean")),
    ],
)
def test_lengths_are_fixed_only_where_all_are_equal(tmp_path, lengths, expected):
    row = one(tmp_path, output_lens=lengths)
    assert (row["output_tokens"], row["output_length_kind"]) == expected
    assert row["input_length_kind"] == "mean"


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"failed": 3}, "3 failed requests"),
        ({"completed": 0, "failed": 100}, "100 failed requests"),
        ({"completed": 98, "failed": None}, "2 failed requests"),
        ({"completed": 0, "num_prompts": None}, "no completed requests"),
        ({"failed": None, "errors": ["", "timeout"]}, "1 failed requests"),
        ({"failed": 1, "spec_decode_acceptance_length": 2.5}, "1 failed requests; speculative decoding"),
    ],
)
def test_notes(tmp_path, changes, note):
    assert one(tmp_path, **changes)["note"] == note


@pytest.mark.parametrize("completed", [0, -1, None, "100", [100], True, float("nan"), 10**400])
def test_a_mean_that_makes_no_sense_is_null(tmp_path, completed):
    row = one(tmp_path, completed=completed)
    assert (row["input_tokens"], row["input_length_kind"]) == (None, "unknown")


@pytest.mark.parametrize(
    ("key", "value", "column", "cell"),
    [
        ("output_throughput", [1], "throughput_tok_per_s", "[1]"),
        ("output_throughput", None, "throughput_tok_per_s", None),
        ("max_concurrency", "many", "concurrency", "many"),
        ("model_id", {"a": 1}, "model", "{'a': 1}"),
        ("date", "yesterday", "published_on", "yesterday"),
        ("dtype", "ternary", "precision", "ternary"),
        ("dtype", "auto", "precision", None),
        ("quantization", "nvfp4", "precision", "FP4"),
        ("backend", "tensorrt-llm", "engine", "TensorRT-LLM"),
        ("backend", 3, "engine", "vLLM"),
        ("dataset_name", "sharegpt", "prompts", "sharegpt"),
    ],
)
def test_cells_hold_what_the_file_says(tmp_path, key, value, column, cell):
    assert one(tmp_path, **{key: value})[column] == cell


def test_other_tasks_are_left_out(tmp_path):
    path = tmp_path / "result.json"
    others = [RESULT | {"backend": "openai-embeddings"}, RESULT | {"input_sequence_throughput": 3.0}]
    path.write_text("\n".join(map(json.dumps, [RESULT, *others])), encoding="utf-8")
    reading = vllm_bench.read(path)
    assert reading.left_out == {"embedding run": 1, "pooling run": 1}
    assert reading.tables["throughput"].height == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe{", "not UTF-8"),
        (b'{"model_id": ', "not valid JSON"),
        (b"[]", "found an empty list"),
        (b"3", "found int"),
        (b'{"a": 1}', "line 1: found no key completed or model_id; allowed: results of vllm bench serve"),
        (b'{"model_id": 1, "model_id": 2}', "given twice"),
        (b'{"model_id": "a", "completed": 1}\n{"model_id": ', "line 2: not valid JSON"),
        (b'{"model_id": "a", "completed": 1}\n[1]', "line 2: found list"),
        (b'{"model_id": "a", "completed": 1}\n{"a": 1}', "line 2 entry 2 of 2: found no key completed or model_id"),
        (b'[{"model_id": "a", "completed": 1},\n{"a": 1}]', "line 2 entry 2 of 2: found no key completed or model_id"),
        (b'[{"model_id": "a", "completed": 1}, 2]', "entry 2: found int"),
        (b'{"model_id": "a", "completed": 1, "steady_state_energy": 2}', "taken for .*, found steady_state_energy"),
        (b'{"model_id": "a", "completed": 1, "user_throughput": 2}', "found user_throughput of TensorRT-LLM"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, message):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        vllm_bench.read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(RESULT), encoding="utf-8-sig")
    assert vllm_bench.read(path).tables["throughput"].height == 1


def test_text_that_is_not_unicode_is_refused(tmp_path):
    with pytest.raises(InputError, match="line 2: found a value for row_id"):
        throughput(tmp_path, RESULT, RESULT | {"model_id": "\ud800"})


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(RESULT) + "\n" + json.dumps(RESULT)) | mutated_value(RESULT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(vllm_bench.read, tmp_path / "result.json", text)
