"""Summaries of MLPerf Inference, of both kinds."""

import json

import pytest
from hypothesis import given
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import mlperf_summary
from mutated_files import FUZZ, assert_read_or_refused, mutated_text, mutated_value

RESULT = {
    "ID": "v9.9-0001",
    "Submitter": "Acme",
    "Availability": "available",
    "Category": "closed",
    "Suite": "datacenter",
    "System": "Acme  Box 8",
    "UsedModel": "llama2-70b-99",
    "Scenario": "Offline",
    "Nodes": 2,
    "Accelerator": "NVIDIA H100-SXM-80GB",
    "a#": 8.0,
    "Location": "closed/Acme/results/box/llama2-70b-99/Offline",
    "Software": "vLLM 0.9.1+x, PyTorch 2.7",
    "Notes": "TGP 700W",
    "has_power": True,
    "weight_data_types": "fp8",
    "Details": "https://example.org/closed/Acme/results/box",
    "Performance_Result": 20000.0,
    "Performance_Units": "Tokens/s",
    "Power_Result": 5000.0,
    "Power_Units": "Watts",
}


def read(tmp_path, *results):
    path = tmp_path / "summary_results.json"
    path.write_text(json.dumps(list(results), indent=2), encoding="utf-8")
    return mlperf_summary.read(path)


def one(tmp_path, **changes):
    return read(tmp_path, RESULT | changes).tables["throughput"].row(0, named=True)


def test_every_value_is_mapped(tmp_path):
    tables = read(tmp_path, RESULT).tables
    assert tables["throughput"].rows(named=True) == [
        {
            "row_id": "v9.9-0001/llama2-70b-99/Offline",
            "model": "llama2-70b-99",
            "gpu": "NVIDIA H100-SXM-80GB",
            "gpus": "16",  # 2 nodes of 8
            "nodes": "2",
            "engine": "vLLM",
            "engine_version": "0.9.1+x",
            "precision": "FP8",
            "load": "offline",
            "prompts": "MLPerf OpenOrca",
            "phase": "prefill_and_decode",
            "input_length_kind": "unknown",
            "output_tokens": None,
            "output_length_kind": "unknown",
            "throughput_tok_per_s": "20000.0",
            "throughput_counts": "output",
            "throughput_scope": "instance",
            "evidence": "measured",
            "confidence": "high",
            "url": "https://example.org/closed/Acme/results/box",
            "note": "submitter Acme; system Acme Box 8; availability available; software vLLM 0.9.1+x, PyTorch 2.7;"
            " remark TGP 700W; result closed/Acme/results/box/llama2-70b-99/Offline",
            "file": str(tmp_path / "summary_results.json"),
            "line": 2,
        }
    ]
    assert tables["measured_energy"].rows(named=True) == [
        {
            "row_id": "v9.9-0001/llama2-70b-99/Offline",
            "boundary": "node_wall",
            "metered": "all_gpus",
            "includes_prefill": "yes",
            "measured_over": "whole_run",
            "energy_j_per_output_token": "0.25",  # 5000 W / 20000 tokens/s
            "power_w": "5000.0",
            "file": str(tmp_path / "summary_results.json"),
            "line": 2,
        }
    ]


def test_lines_and_unique_ids_of_results_on_one_line(tmp_path):
    path = tmp_path / "summary_results.json"
    path.write_text(f"[\n{json.dumps(RESULT)}, {json.dumps(RESULT)},\n{json.dumps(RESULT)}]", encoding="utf-8")
    tables = mlperf_summary.read(path).tables
    name = "v9.9-0001/llama2-70b-99/Offline"
    for table in tables.values():
        assert table["line"].to_list() == [2, 2, 3]
        assert table["row_id"].to_list() == [name, f"{name}/run-2", f"{name}/run-3"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Category": "open"}, "open division"),
        ({"Category": None}, "unstated division"),
        ({"Suite": "edge"}, "edge suite"),
        ({"Suite": ["edge"]}, "unstated suite"),
        ({"UsedModel": "resnet"}, "not a language model"),
        ({"UsedModel": 5}, "not a language model"),
        ({"Performance_Units": "Queries/s"}, "unit Queries/s"),
        ({"Performance_Units": None}, "unit not stated"),
        ({"Accelerator": ""}, "no GPU"),
        ({"Accelerator": "AMD MI300X 192GB (x32), AMD MI325X 256GB (x16)"}, "two kinds of GPU"),
        ({"Accelerator": "NVIDIA H100 + NVIDIA H200"}, "two kinds of GPU"),
        ({"Performance_Result": None}, "no result"),
    ],
)
def test_what_is_out_of_scope_is_counted(tmp_path, changes, reason):
    reading = read(tmp_path, RESULT | changes, RESULT, RESULT | changes)
    assert reading.left_out == {reason: 2}
    assert reading.tables["throughput"].height == 1


def test_a_system_of_both_suites_is_in_scope(tmp_path):
    assert read(tmp_path, RESULT | {"Suite": "datacenter,edge"}).left_out == {}


@pytest.mark.parametrize(
    ("changes", "gpus"),
    [
        ({"a#": "4.0", "Nodes": "18"}, "72"),
        ({"a#": 4, "Nodes": 1}, "4"),
        ({"a#": ""}, None),
        ({"a#": [8]}, None),
        ({"Nodes": True}, None),
        ({"a#": None, "Total Accelerators": 12}, "12"),
        ({"Total Accelerators": "many"}, "many"),
    ],
)
def test_gpus(tmp_path, changes, gpus):
    assert one(tmp_path, **changes)["gpus"] == gpus


def test_a_count_after_the_name_is_not_part_of_the_name(tmp_path):
    assert one(tmp_path, Accelerator="NVIDIA B200 (x8)")["gpu"] == "NVIDIA B200"
    assert one(tmp_path, Accelerator="[X] MS-Intel Arc, 48G")["gpu"] == "[X] MS-Intel Arc, 48G"


def test_a_count_after_the_name_is_of_the_system_if_it_exceeds_a_node(tmp_path):
    full = {"a#": 8, "Nodes": 11, "Total Accelerators": 88}
    row = one(tmp_path, Accelerator="AMD MI355X (x87)", **full)
    assert (row["gpu"], row["gpus"]) == ("AMD MI355X", "87")
    assert "accelerator AMD MI355X (x87)" in row["note"]
    assert one(tmp_path, Accelerator="AMD MI355X (x8)", **full)["gpus"] == "88"


def test_a_power_cap_after_the_name_is_a_remark(tmp_path):
    row = one(tmp_path, Accelerator="AMD MI355X 288GB (Power Cap 1000 W)")
    assert row["gpu"] == "AMD MI355X 288GB"
    assert "Power Cap 1000 W" in row["note"]


def test_mean_answers_are_those_of_the_accuracy_run(tmp_path):
    row = one(tmp_path, Accuracy="ROUGE1: 44.4  TOKENS_PER_SAMPLE: 301.1  gsm8k: 73")
    assert (row["output_tokens"], row["output_length_kind"]) == ("301.1", "mean")


@pytest.mark.parametrize(("inferred", "told"), [(1, True), ("1", True), (0, False), (None, False)])
def test_an_inferred_result_says_so(tmp_path, inferred, told):
    assert ("inferred from another run" in one(tmp_path, inferred=inferred)["note"]) == told


CHECKED = {
    "Organization": "Acme",
    "Availability": "available",
    "Division": "closed",
    "SystemType": "datacenter",
    "SystemName": "Acme Box 8",
    "Platform": "box",
    "Model": "llama2-70b-99",
    "MlperfModel": "llama2-70b-99",
    "Scenario": "Server",
    "Result": 20000.0,
    "Units": "Tokens/s",
    "number_of_nodes": 1,
    "accelerator_model_name": "NVIDIA H100-SXM-80GB",
    "accelerators_per_node": 8,
    "total_accelerators": 8,
    "framework": "vLLM 0.9",
    "notes": None,
    "has_power": False,
    "weight_data_types": "fp8",
    "design_power_watts": 10200,
    "version": "v9.1",
}


@pytest.mark.parametrize("numbered", [True, False])
def test_the_columns_of_the_submission_checker(tmp_path, numbered):
    runs = [CHECKED, CHECKED | {"Division": "open"}, CHECKED | {"Scenario": "Offline"}]
    path = tmp_path / "summary.json"
    path.write_text(json.dumps({str(i): run for i, run in enumerate(runs)} if numbered else runs, indent=1))
    reading = mlperf_summary.read(path)
    assert reading.left_out == {"open division": 1}
    rows = reading.tables["throughput"].rows(named=True)
    size = len(CHECKED) + 2
    assert [(row["row_id"], row["line"]) for row in rows] == [
        ("v9.1/Acme/box/llama2-70b-99/Server", 2),
        ("v9.1/Acme/box/llama2-70b-99/Offline", 2 + 2 * size),
    ]
    columns = ("model", "gpu", "gpus", "nodes", "engine_version", "precision", "load", "throughput_tok_per_s")
    assert [rows[0][column] for column in columns] == [
        *("llama2-70b-99", "NVIDIA H100-SXM-80GB", "8", "1", "0.9", "FP8", "server", "20000.0")
    ]


def test_power_that_the_checker_writes_as_a_further_entry(tmp_path):
    with_power = CHECKED | {"has_power": "True", "Result": "20000.0"}
    power = with_power | {"Result": "5000.0", "Units": "Watts"}
    path = tmp_path / "summary.json"
    path.write_text(json.dumps([with_power, power, power | {"Scenario": "Other"}]))
    reading = mlperf_summary.read(path)
    assert reading.tables["throughput"].height == 1
    energy = reading.tables["measured_energy"].row(0, named=True)
    assert (energy["power_w"], energy["energy_j_per_output_token"]) == ("5000.0", "0.25")
    assert reading.left_out == {"unit Watts": 1}


@pytest.mark.parametrize(
    ("software", "engine", "version"),
    [
        ("Booster 1.0, vllm-0.9.0.dev1+g71.rocm641, ROCm 6", "vLLM", "0.9.0.dev1+g71.rocm641"),
        ("vLLM v0.9.2", "vLLM", "0.9.2"),
        ("vllm", "vLLM", None),
        ("SGLang v0.4.9", "SGLang", "0.4.9"),
        ("TensorRT-LLM 1.0, CUDA 13", "TensorRT-LLM", "1.0"),
        ("TensorRT 10.2.0, CUDA 12.4", "TensorRT-LLM", None),
        ("PyTorch", None, None),
        (None, None, None),
    ],
)
def test_engine(tmp_path, software, engine, version):
    row = one(tmp_path, Software=software)
    assert (row["engine"], row["engine_version"]) == (engine, version)
    assert software is None or f"software {software}" in row["note"]


@pytest.mark.parametrize(
    ("model", "scenario", "load", "prompts"),
    [
        ("llama3.1-405b", "Server", "server", "MLPerf LongBench, LongDataCollections, RULER and GovReport"),
        ("llama3_1-8b", "Interactive", "interactive", "MLPerf CNN/DailyMail"),
        ("llama2-70b-interactive-99", "Server", "interactive", "MLPerf OpenOrca"),
        ("gptj-99.9", "Offline", "offline", "MLPerf CNN/DailyMail"),
        ("mixtral-8x7b", "Offline", "offline", "MLPerf OpenOrca, GSM8K and MBXP"),
        ("deepseek-r1", "Other", "Other", "MLPerf AIME, MATH500, GPQA, MMLU-Pro and LiveCodeBench"),
        ("gpt-oss-120b", "Offline", "offline", "MLPerf summarisation at low reasoning effort"),
    ],
)
def test_model_and_scenario(tmp_path, model, scenario, load, prompts):
    row = one(tmp_path, UsedModel=model, Scenario=scenario)
    assert (row["model"], row["load"], row["prompts"]) == (model.replace("-interactive", ""), load, prompts)
    assert row["row_id"] == f"v9.9-0001/{model}/{scenario}"


@pytest.mark.parametrize(
    ("availability", "confidence"), [("preview", "medium"), ("RDI", "medium"), ("available", "high"), (None, None)]
)
def test_confidence(tmp_path, availability, confidence):
    assert one(tmp_path, Availability=availability)["confidence"] == confidence


@pytest.mark.parametrize(
    ("value", "cell"), [([1], "[1]"), ({"a": 1}, "{'a': 1}"), ("fast", "fast"), (True, "True"), (0, "0")]
)
def test_a_wrong_type_becomes_text(tmp_path, value, cell):
    reading = read(tmp_path, RESULT | {"Performance_Result": value, "Power_Result": value})
    assert reading.tables["throughput"]["throughput_tok_per_s"].to_list() == [cell]
    assert list(reading.tables) == ["throughput"]
    assert reading.left_out == {"power without a value": 1}


def test_power_of_another_unit_is_counted(tmp_path):
    reading = read(tmp_path, RESULT | {"Power_Units": "millijoules"}, RESULT | {"has_power": False})
    assert reading.left_out == {"power in unit millijoules": 1}
    assert list(reading.tables) == ["throughput"]
    assert reading.tables["throughput"].height == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xff", "not UTF-8"),
        (b"[{", "line 1: not valid JSON"),
        (b"[]", "found list"),
        (b"{}", "found dict"),
        (b'[{"UsedModel": "x", "Performance_Result": 1}, 2]', "entry 2: found int"),
        (b'{"a": {}}', "found dict"),
        (b'[{"UsedModel": "x"}]', "line 1: found no key Scenario"),
        (b'[{"UsedModel": "x", "Scenario": "y"}]', "no entry with the key Performance_Result"),
        (b'{"0": {"MlperfModel": "x", "Result": 1, "Units": "y"}, "1": {}}', "entry 2 of 2: found no key MlperfModel"),
        (b'[{"UsedModel": "x", "gpu_energy_j": 2}]', "found gpu_energy_j"),
    ],
)
def test_broken_files_are_refused(tmp_path, content, message):
    path = tmp_path / "summary_results.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        mlperf_summary.read(path)
    assert str(path) in str(error.value)


def test_text_that_is_not_unicode_is_refused(tmp_path):
    with pytest.raises(InputError, match="line 2: found a value for note"):
        read(tmp_path, RESULT | {"System": "\ud800"})


@pytest.mark.slow
@FUZZ
@given(
    text=mutated_text(json.dumps([RESULT, RESULT], indent=1))
    | mutated_value([RESULT])
    | mutated_value({"0": CHECKED, "1": CHECKED | {"Units": "Watts", "has_power": True}})
)
def test_any_content_is_read_or_refused(tmp_path, text):
    assert_read_or_refused(mlperf_summary.read, tmp_path / "summary_results.json", text)
