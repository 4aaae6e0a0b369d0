"""The database gives back what was written, says what it means, and is replaced whole or not at all."""

from datetime import date

import duckdb
import polars as pl
import pytest
from inference_energy import database
from polars.testing import assert_frame_equal

FRAME = pl.DataFrame(
    {
        "name": ["b", "a", 'it\'s "c"\n'],
        "order": [2, 1, None],
        "value": [0.1 + 0.2, None, -1e300],
        "on": [date(2026, 1, 31), None, date(1970, 1, 1)],
    }
)
COMMENTS = {"numbers": ("the table's meaning", {"name": "what it's called", "order": "place; -- not SQL"})}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "benchmarks.duckdb"
    database.write(path, {"numbers": FRAME}, COMMENTS)
    return path


def test_round_trip(path):
    assert_frame_equal(database.read(path, "numbers", ["name"]), FRAME.sort("name"), check_exact=True)


def test_order_by_several_columns_and_reserved_words(path):
    assert database.read(path, "numbers", ["order", "name"])["name"].to_list()[:2] == ["a", "b"]


def test_empty_table_keeps_its_types(tmp_path):
    path = tmp_path / "empty.duckdb"
    database.write(path, {"numbers": FRAME.clear()}, COMMENTS)
    assert_frame_equal(database.read(path, "numbers", ["name"]), FRAME.clear())


def test_comments(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
        columns = connection.execute("SELECT column_name, comment FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert tables == [("numbers", "the table's meaning")]
    assert dict(columns) == dict.fromkeys(FRAME.columns) | COMMENTS["numbers"][1]


def test_writing_again_replaces_the_file(path):
    database.write(path, {"numbers": FRAME.head(1)}, COMMENTS)
    assert_frame_equal(database.read(path, "numbers", ["name"]), FRAME.head(1))


@pytest.mark.parametrize(
    "comments",
    [{}, {"numbers": ("meaning", {"no such column": "text"})}],
    ids=["table without comment", "comment without column"],
)
def test_failing_write_keeps_the_previous_file(path, comments):
    before = path.read_bytes()
    with pytest.raises((KeyError, duckdb.Error)):
        database.write(path, {"numbers": FRAME.head(1)}, comments)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_left_beside_the_database(path):
    assert list(path.parent.iterdir()) == [path]


def test_reading_a_missing_file_makes_none(tmp_path):
    missing = tmp_path / "missing.duckdb"
    with pytest.raises(duckdb.Error):
        database.read(missing, "numbers", ["name"])
    assert not missing.exists()
