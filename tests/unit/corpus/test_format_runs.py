"""Runs, names of rows and lengths: what adapters share."""

from pathlib import Path

import pytest
from inference_energy.corpus.formats.json_files import document, lines_under
from inference_energy.corpus.formats.lengths import length_between, length_columns, lengths_in_id
from inference_energy.corpus.formats.measured_runs import runs_reading
from inference_energy.corpus.formats.row_ids import load_in_id, row_id

RUNS = {
    "metered": ({"row_id": "a"}, {"power_w": 300}),
    "again": ({"row_id": "a"}, None),
    "not valid": ({"row_id": "b"}, "power that is not valid"),
    "out of scope": "embedding run",
}


def test_every_record_is_a_run_or_is_counted():
    records = list(enumerate(RUNS, start=1))
    found = runs_reading(records, Path("runs.json"), RUNS.get, {"again": ("start", "end")}.get)
    assert found.tables["throughput"].select("row_id", "line").rows() == [("a", 1), ("a/run-2", 2), ("b", 3)]
    assert found.tables["measured_energy"].select("row_id", "line", "power_w").rows() == [("a", 1, "300")]
    assert found.left_out == {"power that is not valid": 1, "embedding run": 1}
    assert found.windows == {"a/run-2": ("start", "end")}


def test_without_measured_energy_there_is_no_such_table():
    assert list(runs_reading([(1, "again")], Path("runs.json"), RUNS.get).tables) == ["throughput"]


@pytest.mark.parametrize("value", [None, "", " ", True, [8], {"a": 1}])
def test_what_is_no_text_or_number_is_no_part_of_a_name(value):
    assert row_id(("", "my model"), ("", value), ("tp-", 8)) == "my_model/tp-8"
    assert row_id(("", value)) == "run"


def test_a_limit_names_the_load_before_a_rate():
    assert [load_in_id(32, 1.5), load_in_id(None, 1.5)] == [("concurrency-", 32), ("rate-", 1.5)]


def test_lengths_have_a_kind_and_a_place_in_the_name():
    lengths = {"input": length_between(1000, 1000.0, 1000), "output": length_between(80.5, 1, 200)}
    assert length_columns(**lengths) == {
        **{"input_tokens": 1000, "input_length_kind": "fixed"},
        **{"output_tokens": 80.5, "output_length_kind": "mean"},
    }
    assert length_between(0, None, None) == (None, "unknown")
    assert row_id(*lengths_in_id(lengths)) == "in-1000/out-80.5"


def test_objects_of_a_list_have_their_lines(tmp_path):
    path = tmp_path / "report.json"
    path.write_text('{"setup": {"engine": {}},\n "runs": [\n  {"a": [{}]},\n  {}\n ],\n "later": [{}]}')
    assert lines_under(*document(path), "runs") == [3, 4]
