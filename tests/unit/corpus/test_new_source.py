"""A folder for a new source, and what a refresh changes in its origin."""

import json
from pathlib import Path

import pytest
from inference_energy.common import yaml_files
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.registry import FORMATS
from inference_energy.corpus.new_source import new_source
from inference_energy.corpus.origins import read_origin, sha256

ROOT = Path(__file__).parents[3]
RESULT = {
    "date": "20260131-101500",
    "backend": "vllm",
    "model_id": "meta-llama/Llama-3.1-8B-Instruct",
    "completed": 10,
    "total_input_tokens": 5000,
    "total_output_tokens": 3000,
    "output_throughput": 1000.0,
    "max_concurrency": 8,
}


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(RESULT))
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "benchmarks"


def filled(folder):
    """The origin with its empty keys filled in."""
    path = folder / "own" / "origin.yaml"
    path.write_text(path.read_text().replace(' ""', " https://example.org"))
    return path


def origin(folder):
    return yaml_files.read_yaml(folder / "own" / "origin.yaml")


def test_file_is_copied_recognised_and_signed(folder, result):
    new_source(folder, "own", result, "2026-02-01")
    facts = origin(folder)
    assert facts["read_on"] == "2026-02-01"
    entry = facts["files"]["bench.json"]
    assert entry["format"] == "vllm_bench_json"
    assert entry["sha256"] == sha256(result) == sha256(folder / "own" / "bench.json")


def test_what_the_file_does_not_say_is_asked_for(folder, result):
    new_source(folder, "own", result, "2026-02-01")
    assert origin(folder)["files"]["bench.json"]["facts"] == dict.fromkeys(
        ("precision", "confidence", "gpu", "gpus", "nodes"), ""
    )


def test_filled_in_origin_passes(folder, result):
    new_source(folder, "own", result, "2026-02-01")
    filled(folder)
    schema = yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")
    assert read_origin(folder / "own", schema, FORMATS)["publisher"] == "https://example.org"


def test_origin_that_is_not_filled_in_is_told(folder, result):
    new_source(folder, "own", result, "2026-02-01")
    schema = yaml_files.read_yaml(ROOT / "workflow/schemas/origin.schema.yaml")
    with pytest.raises(InputError, match=r"origin.yaml: \w+: found ''; allowed: text that is not empty"):
        read_origin(folder / "own", schema, FORMATS)


def test_without_a_file_a_table_is_started(folder):
    new_source(folder, "own", None, "2026-02-01")
    header = (folder / "own" / "throughput.csv").read_text()
    assert header.startswith("row_id,model,gpu,gpus,")
    assert header.count("\n") == 1
    assert origin(folder)["files"]["throughput.csv"]["format"] == "throughput_csv"


def test_refresh_renews_the_checksum_and_remembers(folder, result):
    new_source(folder, "own", result, "2026-02-01")
    filled(folder)
    before = sha256(result)
    result.write_text(json.dumps(RESULT | {"output_throughput": 1100.0}))
    new_source(folder, "own", result, "2026-05-01")
    entry = origin(folder)["files"]["bench.json"]
    assert entry["sha256"] == sha256(result) != before
    assert entry["previous"] == {"read_on": "2026-02-01", "sha256": before}
    assert origin(folder)["read_on"] == "2026-05-01"
    assert origin(folder)["publisher"] == "https://example.org"


def test_second_refresh_remembers_the_first(folder, result):
    for day in ("2026-02-01", "2026-05-01", "2026-08-01"):
        said = new_source(folder, "own", result, day)
    entry = origin(folder)["files"]["bench.json"]
    assert entry["previous"] == {"read_on": "2026-05-01", "sha256": sha256(result)}
    assert said[0] == "bench.json: unchanged since 2026-05-01"


def test_refresh_on_the_same_day_keeps_what_was_before(folder, result):
    new_source(folder, "own", result, "2026-02-01")
    result.write_text(json.dumps(RESULT | {"output_throughput": 1100.0}))
    new_source(folder, "own", result, "2026-02-01")
    entry = origin(folder)["files"]["bench.json"]
    assert entry["sha256"] == sha256(result)
    assert "previous" not in entry


def test_second_file_is_added(folder, result, tmp_path):
    new_source(folder, "own", result, "2026-02-01")
    other = tmp_path / "other.json"
    other.write_text(json.dumps(RESULT | {"max_concurrency": 16}))
    new_source(folder, "own", other, "2026-02-01")
    assert set(origin(folder)["files"]) == {"bench.json", "other.json"}


@pytest.mark.parametrize("name", ["", "Upper", "with-hyphen", "../up", "1st", "two words"])
def test_impossible_name(folder, result, name):
    with pytest.raises(InputError, match="NAME: found"):
        new_source(folder, name, result, "2026-02-01")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("missing.json", None, "no such file"),
        ("with space.csv", "row_id\n1\n", "allowed: a name of letters"),
        ("table.csv", "speed,model\n1,2\n", "found text that begins with 'speed,model'; allowed: a file of one of the"),
        (
            "own.csv",
            "row_id,throughput_tok_per_s,gqu\nr,1,H\n",
            "as throughput_csv: line 1: unknown column 'gqu'",
        ),
        ("german.csv", "row_id;throughput_tok_per_s\nr;1,5\n", "found semicolons between columns; allowed: commas"),
        ("page.md", "# Nothing\n", "found text that begins with '# Nothing'"),
        ("list.json", "[1, 2]", "found a JSON list of other values than objects with keys; allowed"),
        (
            "other.json",
            '{"speed": 1, "gpu": 2}',
            "found JSON of objects with the keys speed, gpu; allowed: a file",
        ),
        ("empty.json", "", "the file is empty"),
        (
            "old.md",
            "| Batch Size | Input Length | Throughput |\n|-|-|-|\n",
            "as trtllm_markdown: found no throughput table",
        ),
    ],
)
def test_unusable_file_leaves_nothing(folder, tmp_path, file, content, message):
    path = tmp_path / file
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError) as caught:
        new_source(folder, "own", path, "2026-02-01")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not folder.exists()
