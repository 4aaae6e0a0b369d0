"""Results of vllm bench throughput."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import vllm_throughput
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

RESULT = {
    "elapsed_time": 10.0,
    "num_requests": 100,
    "total_num_tokens": 60000,
    "requests_per_second": 10.0,
    "tokens_per_second": 6000.0,
}


def read(tmp_path, content):
    path = tmp_path / "throughput.json"
    path.write_text(json.dumps(content, indent=4))
    return vllm_throughput.read(path)


def test_every_value_is_mapped(tmp_path):
    assert read(tmp_path, RESULT).tables["throughput"].rows(named=True) == [
        {
            "row_id": "run",
            "engine": "vLLM",
            "load": "offline",
            "phase": "prefill_and_decode",
            "input_length_kind": "unknown",
            "output_length_kind": "unknown",
            "throughput_tok_per_s": "6000.0",
            "throughput_counts": "total",
            "throughput_scope": "instance",
            "evidence": "measured",
            "note": "600.0 tokens per request, prompt and answer together",
            "file": str(tmp_path / "throughput.json"),
            "line": 1,
        }
    ]


def test_a_list_of_results(tmp_path):
    table = read(tmp_path, [RESULT, RESULT | {"num_requests": 0}]).tables["throughput"]
    assert table.select("row_id", "line", "note").rows()[1] == ("run/run-2", 9, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({key: value for key, value in RESULT.items() if key != "elapsed_time"}, "line 1: found no key elapsed_time"),
        ([RESULT, {}], "entry 2 of 2: found no key elapsed_time"),
        (RESULT | {"gpu_energy_j": 5}, "found gpu_energy_j"),
        (3, "found int"),
    ],
)
def test_wrong_files_are_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


@pytest.mark.slow
@FUZZ
@given(text=mutated_text(json.dumps(RESULT)) | mutated_value(RESULT))
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(vllm_throughput.read, tmp_path / "throughput.json", text)
