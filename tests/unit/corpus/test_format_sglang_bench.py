"""Results of sglang.bench_serving."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import sglang_bench
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

SERVER = {
    "model_path": "acme/Example-70B",
    "version": "0.5.1",
    "dtype": "auto",
    "quantization": "fp8",
    "nnodes": 2,
    "tp_size": 4,
    "pp_size": 2,
    "dp_size": 3,
    "ep_size": 1,
    "enable_dp_attention": False,
}
RESULT = {
    "tag": None,
    "backend": "sglang",
    "dataset_name": "random",
    "request_rate": float("inf"),
    "max_concurrency": 32,
    "random_input_len": 1000,
    "random_output_len": 500,
    "random_range_ratio": 1.0,
    "server_info": SERVER,
    "duration": 10.0,
    "completed": 40,
    "total_input_tokens": 36000,
    "total_output_tokens": 16000,
    "total_output_tokens_retokenized": 15900,
    "output_throughput": 1600.0,
    "concurrency": 30.5,
    "accept_length": None,
    "mean_ttft_ms": 90.5,
    "median_ttft_ms": 80.0,
    "p99_ttft_ms": 200.0,
    "mean_tpot_ms": 9.5,
    "median_tpot_ms": 9.0,
    "p99_tpot_ms": 20.0,
}
ID = "acme/Example-70B/tp-4/random/in-1000/out-500/concurrency-32"


def throughput(tmp_path, *results):
    path = tmp_path / "results.jsonl"
    path.write_text("".join(json.dumps(result) + "\n" for result in results), encoding="utf-8")
    return sglang_bench.read(path).tables["throughput"].rows(named=True)


def one(tmp_path, **changes):
    return throughput(tmp_path, RESULT | changes)[0]


def test_every_value_is_mapped(tmp_path):
    assert one(tmp_path) == {
        "row_id": ID,
        "model": "acme/Example-70B",
        "gpus": "24",  # 4 x 2 x 3
        "nodes": "2",
        "engine": "SGLang",
        "engine_version": "0.5.1",
        "precision": "FP8",
        "tensor_parallel": "4",
        "pipeline_parallel": "2",
        "expert_parallel": "1",
        "data_parallel": "3",
        "load": "closed_loop",
        "prompts": "random",
        "phase": "prefill_and_decode",
        "input_tokens": "1000",
        "input_length_kind": "fixed",
        "output_tokens": "500",
        "output_length_kind": "fixed",
        "concurrency": "30.5",
        "serving": "aggregated",
        "speculative_decoding": None,
        "time_to_first_token_mean_ms": "90.5",
        "time_to_first_token_p50_ms": "80.0",
        "time_to_first_token_p99_ms": "200.0",
        "time_per_output_token_mean_ms": "9.5",
        "time_per_output_token_p50_ms": "9.0",
        "time_per_output_token_p99_ms": "20.0",
        "throughput_tok_per_s": "1600.0",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "note": None,
        "file": str(tmp_path / "results.jsonl"),
        "line": 1,
    }


def test_lines_and_unique_ids(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join([json.dumps(RESULT), "", json.dumps(RESULT), json.dumps(RESULT)]), encoding="utf-8")
    table = sglang_bench.read(path).tables["throughput"]
    assert table["line"].to_list() == [1, 3, 4]
    assert table["row_id"].to_list() == [ID, f"{ID}/run-2", f"{ID}/run-3"]


@pytest.mark.parametrize("changes", [{"random_range_ratio": 0.5}, {"dataset_name": "sharegpt"}])
def test_lengths_are_means_unless_random_and_fixed(tmp_path, changes):
    row = one(tmp_path, **changes)
    assert (row["input_tokens"], row["input_length_kind"]) == ("900.0", "mean")
    assert (row["output_tokens"], row["output_length_kind"]) == ("400.0", "mean")


@pytest.mark.parametrize(
    ("changes", "load"),
    [
        ({"max_concurrency": None}, "offline"),
        ({"max_concurrency": None, "request_rate": "inf"}, "offline"),
        ({"max_concurrency": None, "request_rate": 2.5}, "server"),
        ({"max_concurrency": None, "request_rate": "trace"}, "server"),
        ({"max_concurrency": None, "dataset_name": "mooncake"}, "server"),
        ({"max_concurrency": None, "request_rate": None}, None),
    ],
)
def test_load(tmp_path, changes, load):
    assert one(tmp_path, **changes)["load"] == load


@pytest.mark.parametrize(
    ("backend", "engine"),
    [("sglang-oai-chat", "SGLang"), ("vllm", "vLLM"), ("trt", "TensorRT-LLM"), ("truss", None), (None, None)],
)
def test_engine(tmp_path, backend, engine):
    assert one(tmp_path, backend=backend)["engine"] == engine


def test_concurrency_falls_back_on_the_limit(tmp_path):
    assert one(tmp_path, concurrency=None)["concurrency"] == "32"


@pytest.mark.parametrize(
    ("changes", "gpus"),
    [({"enable_dp_attention": True}, "8"), ({"enable_dp_attention": None}, None), ({"pp_size": None}, None)],
)
def test_gpus_follow_from_the_parallelism_where_all_of_it_is_known(tmp_path, changes, gpus):
    assert one(tmp_path, server_info=SERVER | changes)["gpus"] == gpus


@pytest.mark.parametrize(
    ("changes", "precision"),
    [
        ({"quantization": None}, None),
        ({"quantization": None, "dtype": "bfloat16"}, "BF16"),
        ({"quantization": "modelopt_fp4"}, "FP4"),
        ({"quantization": "awq"}, "INT4"),
        ({"quantization": "compressed-tensors"}, None),
    ],
)
def test_precision(tmp_path, changes, precision):
    assert one(tmp_path, server_info=SERVER | changes)["precision"] == precision


@pytest.mark.parametrize(
    ("server", "serving", "speculation"),
    [
        (SERVER | {"speculative_algorithm": None}, "aggregated", "none"),
        (SERVER | {"speculative_algorithm": "EAGLE3"}, "aggregated", "eagle"),
        (SERVER | {"speculative_algorithm": "NEXTN"}, "aggregated", "mtp"),
        (SERVER | {"speculative_algorithm": "NGRAM"}, "aggregated", "other"),
        ({"prefill": [SERVER], "decode": [SERVER]}, "disaggregated", None),
    ],
)
def test_serving_and_speculative_decoding(tmp_path, server, serving, speculation):
    row = one(tmp_path, server_info=server)
    assert (row["serving"], row.get("speculative_decoding")) == (serving, speculation)


@pytest.mark.parametrize("server", [None, [], "x", {}])
def test_a_run_without_server_information_is_kept(tmp_path, server):
    row = one(tmp_path, server_info=server)
    assert (row["model"], row["gpus"], row["tensor_parallel"]) == (None, None, None)
    assert row["row_id"] == "sglang/random/in-1000/out-500/concurrency-32"


def test_the_sizes_of_a_part_are_not_those_of_the_whole(tmp_path):
    row = one(tmp_path, server_info={"prefill": [SERVER], "decode": [SERVER]})
    assert (row["model"], row["precision"], row["tensor_parallel"], row["gpus"]) == (
        "acme/Example-70B",
        "FP8",
        None,
        None,
    )
    assert row["note"] == "prefill and decode on separate servers"
    assert one(tmp_path, server_info={"decode": 5})["model"] is None


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"completed": 0}, "no completed requests"),
        ({"errors": ["", "x", "y"]}, "2 failed requests"),
        ({"accept_length": 2.5}, "speculative decoding"),
    ],
)
def test_notes(tmp_path, changes, note):
    assert one(tmp_path, **changes)["note"] == note


@pytest.mark.parametrize("value", [[1], {"a": 1}, True, "many"])
def test_a_wrong_type_becomes_text(tmp_path, value):
    row = one(tmp_path, output_throughput=value, random_input_len=value, concurrency=value)
    assert row["throughput_tok_per_s"] == row["input_tokens"] == row["concurrency"] == str(value)


def test_embedding_runs_are_left_out(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(RESULT | {"backend": "sglang-embedding"}), encoding="utf-8")
    reading = sglang_bench.read(path)
    assert reading.left_out == {"embedding run": 1}
    assert reading.tables["throughput"].height == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff", "not UTF-8"),
        (b"{", "line 1: not valid JSON"),
        (b'{"total_output_tokens_retokenized": 1}\n[]', "line 2: found list"),
        (b'{"model_id": "a", "completed": 1}', "found no key total_output_tokens_retokenized"),
        (b'{"total_output_tokens_retokenized": 1}\n{"a": 1}', "line 2 entry 2 of 2: found no key"),
        (b'{"total_output_tokens_retokenized": 1, "gpu_power_w": 300}', "found gpu_power_w"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, message):
    path = tmp_path / "results.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        sglang_bench.read(path)
    assert str(path) in str(error.value)


def test_text_that_is_not_unicode_is_refused(tmp_path):
    with pytest.raises(InputError, match="line 2: found a value for row_id"):
        throughput(tmp_path, RESULT, RESULT | {"dataset_name": "\ud800"})


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(RESULT) + "\n" + json.dumps(RESULT)) | mutated_value(RESULT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(sglang_bench.read, tmp_path / "results.jsonl", text)
