"""Results of llama-bench."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import llama_bench
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

TEST = {
    "build_commit": "0a1b2c3",
    "build_number": 6100,
    "gpu_info": "Card 24GB",
    "backends": "CUDA",
    "model_filename": "/models/Tiny-8B-Instruct-Q4_K_M.gguf",
    "model_type": "tiny 8B Q4_K - Medium",
    "n_gpu_layers": 99,
    "split_mode": "layer",
    "main_gpu": 0,
    "n_prompt": 512,
    "n_gen": 0,
    "n_depth": 0,
    "test_time": "2026-05-01T12:00:00Z",
    "avg_ts": 5000.5,
    "stddev_ts": 10.0,
}


def read(tmp_path, *tests, lines=False):
    path = tmp_path / "bench.json"
    path.write_text("\n".join(map(json.dumps, tests)) if lines else json.dumps(list(tests), indent=1))
    return llama_bench.read(path)


def one(tmp_path, **changes):
    return read(tmp_path, TEST | changes).tables["throughput"].row(0, named=True)


def test_every_value_is_mapped(tmp_path):
    assert one(tmp_path) == {
        "row_id": "Tiny-8B-Instruct-Q4_K_M.gguf/gpus-1/pp512",
        "model": "Tiny-8B-Instruct",
        "gpu": "Card 24GB",
        "gpus": "1",
        "nodes": "1",
        "engine": "llama.cpp",
        "engine_version": "b6100",
        "precision": "INT4",
        "load": "closed_loop",
        "prompts": "synthetic",
        "phase": "prefill",
        "input_tokens": "512.0",
        "input_length_kind": "fixed",
        "output_tokens": None,
        "output_length_kind": "unknown",
        "concurrency": "1",
        "throughput_tok_per_s": "5000.5",
        "throughput_counts": "input",
        "throughput_scope": "instance",
        "evidence": "measured",
        "published_on": "2026-05-01",
        "note": "model file Tiny-8B-Instruct-Q4_K_M.gguf",
        "file": str(tmp_path / "bench.json"),
        "line": 2,
    }


@pytest.mark.parametrize(
    ("prompt", "generated", "expected"),
    [
        (512, 0, ("prefill", "input", "512.0", "fixed", None, "unknown")),
        (0, 128, ("decode", "output", None, "unknown", "128.0", "fixed")),
        (512, 128, ("prefill_and_decode", "total", "512.0", "fixed", "128.0", "fixed")),
    ],
)
def test_phase_and_counts_of_a_test(tmp_path, prompt, generated, expected):
    row = one(tmp_path, n_prompt=prompt, n_gen=generated)
    columns = ("phase", "throughput_counts", "input_tokens", "input_length_kind", "output_tokens", "output_length_kind")
    assert tuple(row[column] for column in columns) == expected


@pytest.mark.parametrize(
    ("description", "file", "precision"),
    [
        ("tiny 8B Q4_0", "x.gguf", "INT4"),
        ("tiny 8B mostly Q4_K - Small", "x.gguf", "INT4"),
        ("tiny 8B Q8_0", "x.gguf", "INT8"),
        ("tiny 8B F16", "x.gguf", "FP16"),
        ("tiny 8B BF16", "x.gguf", "BF16"),
        ("gpt-oss 20B MXFP4 MoE", "x.gguf", "MXFP4"),
        ("tiny 8B NVFP4", "x.gguf", "FP4"),
        ("tiny 8B Q6_K", "x.gguf", None),
        ("tiny 8B IQ4_XS - 4.25 bpw", "x.gguf", None),
        ("tiny 8B all F32 (guessed)", "x.gguf", None),
        ("tiny 8B", "tiny-8b-q8_0.gguf", "INT8"),
        (None, "tiny.gguf", None),
    ],
)
def test_precision(tmp_path, description, file, precision):
    assert one(tmp_path, model_type=description, model_filename=file)["precision"] == precision


@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("Tiny-8B-Q4_K_M.gguf", "Tiny-8B"),
        ("Tiny-8B-UD-Q4_K_XL.gguf", "Tiny-8B"),
        ("tiny.Q8_0.gguf", "tiny"),
        ("Big-120B-mxfp4-00001-of-00003.gguf", "Big-120B"),
        ("/root/.cache/llama.cpp/maker_Tiny-8B-GGUF_Tiny-8B-BF16.gguf", "Tiny-8B"),
        ("C:\\models\\Tiny-8B.gguf", "Tiny-8B"),
        (7, None),
    ],
)
def test_model(tmp_path, file, model):
    assert one(tmp_path, model_filename=file)["model"] == model


@pytest.mark.parametrize(
    ("changes", "gpu", "gpus"),
    [
        ({"gpu_info": "Card, Card"}, "Card", "2"),
        ({"gpu_info": "Card, Card, Card", "devices": "CUDA0/CUDA1"}, "Card", "2"),
        ({"gpu_info": "Card, Other", "split_mode": "none", "main_gpu": 1}, "Other", "1"),
        ({"gpu_info": "Card, Card", "split_mode": "none", "main_gpu": 9}, "Card", "1"),
        ({"gpu_info": ""}, None, None),
    ],
)
def test_gpus(tmp_path, changes, gpu, gpus):
    row = one(tmp_path, **changes)
    assert (row["gpu"], row["gpus"]) == (gpu, gpus)


def test_depth_and_layers_are_told(tmp_path):
    row = one(tmp_path, n_depth=4096, n_gpu_layers=20, n_prompt=0, n_gen=32)
    assert row["note"].endswith("; tokens in the context before 4096; layers on the GPU 20")
    assert row["row_id"].endswith("/gpus-1/tg32-d4096")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"embeddings": True}, "embedding run"),
        ({"n_prompt": 0}, "test without tokens"),
        ({"n_gpu_layers": 0}, "run on the CPU"),
        ({"devices": "none"}, "run on the CPU"),
        ({"backends": "CPU", "gpu_info": ""}, "run on the CPU"),
    ],
)
def test_what_is_out_of_scope_is_counted(tmp_path, changes, reason):
    reading = read(tmp_path, TEST, TEST | changes)
    assert reading.left_out == {reason: 1}
    assert reading.tables["throughput"].height == 1


def test_json_lines(tmp_path):
    table = read(tmp_path, TEST, TEST, lines=True).tables["throughput"]
    assert table["line"].to_list() == [1, 2]
    assert table["row_id"].n_unique() == 2


@pytest.mark.parametrize(
    ("tests", "message"),
    [
        ([TEST, {"a": 1}], "line 19 entry 2 of 2: found no key avg_ts, build_commit"),
        ([TEST | {"gpu_info": "Card, Other"}], "line 2: gpu_info: found Card, Other; allowed: GPUs of one kind"),
        ([TEST | {"gpu_power_w": 300}], "found gpu_power_w"),
        ([], "found an empty list"),
    ],
)
def test_wrong_files_are_refused(tmp_path, tests, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, *tests)
    assert str(tmp_path / "bench.json") in str(error.value)


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps([TEST, TEST], indent=1)) | mutated_value([TEST]))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(llama_bench.read, tmp_path / "bench.json", text)
