"""The validation protocol: its hash, the runs that are scored, and what is left out in turn."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.validation import protocol
from messages import message_of

ROOT = Path(__file__).parents[3]
PROTOCOL = yaml_files.read_yaml(ROOT / "config/validation.yaml")
SCHEMA = yaml_files.read_yaml(ROOT / "workflow/schemas/validation.schema.yaml")
SMALL = {
    "repeated": {"again": "rows of first"},
    "left_out": {"source": ["c1"], "wall": ["wall_a"], "version": {"t": "engine_version", "w": "source"}},
}
RUNS = pl.DataFrame(
    {
        "source": ["first", "again", "again", "wall_a"],
        "row_id": ["1", "2", "3", "4"],
        "campaign": ["c1", "c1", "c1", "wall_a"],
        "boundary": [None, None, "gpu_boards", "node_wall"],
        "board_share": [None, None, 0.5, None],
        "network": ["A", "B", "B", "C"],
        "gpu": ["G", "G", "H", "G"],
    }
)


def test_the_hash_depends_on_content_alone():
    assert protocol.sha256({"a": 1, "b": [2]}) == protocol.sha256({"b": [2], "a": 1})
    assert protocol.sha256({"a": 1}) != protocol.sha256({"a": 2})


def test_goals_are_part_of_the_hash():
    assert protocol.sha256(PROTOCOL) != protocol.sha256(PROTOCOL | {"goals": PROTOCOL["goals"][1:]})


def test_repeated_runs_are_scored_only_where_they_metered_energy():
    assert protocol.scored(RUNS, SMALL)["row_id"].to_list() == ["1", "3", "4"]


def test_versions_are_those_of_the_column_that_tells_them_apart():
    runs = pl.DataFrame({"source": ["t", "t", "w", "x"], "engine_version": ["1", "2", "3", "4"]})
    assert protocol.with_version(runs, SMALL)["version"].to_list() == ["t 1", "t 2", "w", None]


def test_what_is_left_out_in_turn():
    assert protocol.names("source", RUNS, SMALL) == {"c1": "campaign", "wall_a": "source"}
    assert protocol.names("model", RUNS, SMALL) == {"B": "network"}  # of metered boards alone
    assert protocol.names("gpu", RUNS, SMALL) == {"H": "gpu"}
    with_version = RUNS.with_columns(version=pl.Series(["b", "a", None, "a"]))
    assert protocol.names("version", with_version, SMALL) == {"a": "version", "b": "version"}


@pytest.mark.parametrize("key", ["source", "wall"])
def test_a_source_that_the_corpus_does_not_have(key):
    wrong = {"left_out": SMALL["left_out"] | {key: ["typo"]}}
    message = message_of(protocol.names, "source", RUNS, wrong)
    assert message.startswith("config/validation.yaml: left_out: found typo; allowed: ")


def test_the_protocol_of_the_repository_is_what_its_schema_says():
    yaml_files.check(PROTOCOL, SCHEMA, "config/validation.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"factor": 0.9}, "goals.0.factor: found 0.9; allowed: a number >= 1"),
        ({"coverage": [0.9]}, "goals.0.coverage: found [0.9]; allowed: at least 2 item(s)"),
        ({"coverage": [0.9, 90]}, "goals.0.coverage.1: found 90; allowed: a number <= 1 (0.9 if it is in percent)"),
        ({"left_out": "engine"}, "goals.0.left_out: found 'engine'; allowed: 'gpu', 'model', 'source' or 'version'"),
        (
            {"median": 1},
            "goals.0: unknown key median; allowed: coverage, factor, group, left_out, median_ratio or score",
        ),
    ],
)
def test_impossible_goals_are_told_in_one_line(change, message):
    goals = [PROTOCOL["goals"][0] | change]
    said = message_of(yaml_files.check, PROTOCOL | {"goals": goals}, SCHEMA, "config/validation.yaml")
    assert said == f"config/validation.yaml: {message}"
