"""A file is recognised as one format, and a file that is one only in part as none."""

import json

import pytest
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.registry import recognised

SERVING = {"model_id": "a/b", "completed": 1, "output_throughput": 5.0}
TEST = {"build_commit": "a", "gpu_info": "Card", "model_filename": "m.gguf", "model_type": "m Q4_0", "avg_ts": 5.0}
CHECKED = {"MlperfModel": "m", "Model": "m", "Scenario": "Offline", "Result": 5.0, "Units": "Tokens/s"}
RECORDS = {
    "vllm_bench_json": SERVING,
    "trtllm_serve_json": SERVING | {"user_throughput": 5.0, "energy": {"total_energy_j": 5.0}},
    "mlenergy_run_json": SERVING | {"steady_state_energy": 5.0, "steady_state_energy_per_token": 0.1},
    "sglang_bench_jsonl": {"total_output_tokens_retokenized": 5, "output_throughput": 5.0},
    "vllm_throughput_json": {
        **dict.fromkeys(("elapsed_time", "num_requests", "total_num_tokens"), 5),
        **dict.fromkeys(("requests_per_second", "tokens_per_second"), 5.0),
    },
    "trtllm_bench_json": {
        **{key: {} for key in ("engine", "world_info", "request_info")},
        "performance": {"system_output_throughput_tok_s": 5.0},
    },
    "llama_bench_json": TEST | {"n_prompt": 5, "n_gen": 0},
    "mlperf_summary_json": {"UsedModel": "m", "Scenario": "Offline", "Performance_Result": 5.0},
}
LISTS = RECORDS.keys() - {"mlenergy_run_json"}


@pytest.fixture
def found(tmp_path):
    def found(content):
        path = tmp_path / "result.json"
        path.write_text(json.dumps(content))
        try:
            return recognised(path)
        except InputError:
            return None

    return found


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_of_one_format(found, name):
    assert found([RECORDS[name]] if name == "mlperf_summary_json" else RECORDS[name]) == name


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_is_of_one_format_if_every_record_is(found, name):
    assert found([RECORDS[name], RECORDS[name]]) == name
    assert found([RECORDS[name], {"a": 1}]) is None


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_records_of_two_formats_are_of_none(found, name):
    for other in RECORDS.keys() - {name}:
        assert found([RECORDS[name], RECORDS[other]]) is None


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_energy_under_an_unknown_key_is_of_no_format(found, name):
    assert found([RECORDS[name] | {"rack_energy_j": 5.0}]) is None
    assert found(RECORDS[name] | {"rack_energy_j": 5.0}) is None


def test_summaries_of_both_kinds_are_of_one_format(found):
    assert found({"0": CHECKED, "1": CHECKED}) == "mlperf_summary_json"
    assert found([CHECKED, CHECKED]) == "mlperf_summary_json"
