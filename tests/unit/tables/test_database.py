"""The database gives back what was written, says what it means, and is replaced whole or not at all."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from inference_energy.corpus import views as corpus_views
from inference_energy.tables import database
from inference_energy.tables.views import read_views
from polars.testing import assert_frame_equal

FRAME = pl.DataFrame(
    {
        "name": ["b", "a", 'it\'s "c"\n'],
        "order": [2, 1, None],
        "value": [0.1 + 0.2, None, -1e300],
        "on": [date(2026, 1, 31), None, date(1970, 1, 1)],
    }
)
COLUMNS = {"name": "what it's called", "order": "place; -- not SQL", "value": "Wh", "on": "a day"}
MEANINGS = {
    "numbers": database.Meaning("the table's meaning", COLUMNS),
    "known": database.Meaning(
        "numbers that are there", COLUMNS | {"double": "twice"}, 'SELECT "name", value * 2 AS double FROM numbers'
    ),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "benchmarks.duckdb"
    database.write(path, {"numbers": FRAME}, MEANINGS)
    return path


def test_round_trip(path):
    assert_frame_equal(database.read(path, "numbers", ["name"]), FRAME.sort("name"), check_exact=True)


def test_order_by_several_columns_and_reserved_words(path):
    assert database.read(path, "numbers", ["order", "name"])["name"].to_list()[:2] == ["a", "b"]


def test_empty_table_keeps_its_types(tmp_path):
    path = tmp_path / "empty.duckdb"
    database.write(path, {"numbers": FRAME.clear()}, MEANINGS)
    assert_frame_equal(database.read(path, "numbers", ["name"]), FRAME.clear())


def test_comments_of_tables_and_views(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall()
        views = connection.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
        columns = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    assert tables == [("numbers", "the table's meaning")]
    assert views == [("known", "numbers that are there")]
    assert {name: comment for table, name, comment in columns if table == "numbers"} == COLUMNS
    assert {name: comment for table, name, comment in columns if table == "known"} == {
        "name": "what it's called",
        "double": "twice",
    }


def test_view_is_read_like_a_table(path):
    assert database.read(path, "known", ["name"])["double"].to_list() == [None, 2 * (0.1 + 0.2), -2e300]


def test_writing_again_replaces_the_file(path):
    database.write(path, {"numbers": FRAME.head(1)}, MEANINGS)
    assert_frame_equal(database.read(path, "numbers", ["name"]), FRAME.head(1))


BAD_MEANINGS = {
    "table without meaning": {},
    "column without meaning": {"numbers": database.Meaning("text", {"name": "text"})},
    "view of nothing": MEANINGS | {"bad": database.Meaning("text", {"name": "text"}, "SELECT * FROM nowhere")},
    "view column without meaning": MEANINGS | {"bad": database.Meaning("text", {}, "SELECT 1 AS one")},
}


@pytest.mark.parametrize("fault", BAD_MEANINGS)
def test_failing_write_keeps_the_previous_file(path, fault):
    before = path.read_bytes()
    with pytest.raises((KeyError, duckdb.Error)):
        database.write(path, {"numbers": FRAME.head(1)}, BAD_MEANINGS[fault])
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_left_beside_the_database(path):
    assert list(path.parent.iterdir()) == [path]


def test_reading_a_missing_file_makes_none(tmp_path):
    missing = tmp_path / "missing.duckdb"
    with pytest.raises(duckdb.Error):
        database.read(missing, "numbers", ["name"])
    assert not missing.exists()


# The corpus itself.


@pytest.fixture(scope="module")
def corpus_file(tmp_path_factory, corpus):
    path = tmp_path_factory.mktemp("corpus") / "benchmarks.duckdb"
    sql = (Path(__file__).parents[3] / "workflow/views/benchmarks").glob("*.sql")
    views = read_views(sql, corpus_views.TABLES, corpus_views.COMPUTED)
    assert len(views) == 4
    database.write(path, corpus, corpus_views.TABLES | views)
    return path


def test_corpus_comes_back_and_every_column_has_a_meaning(corpus_file, corpus):
    for name, order in (("throughput", ["source", "row_id"]), ("source", ["source", "file"])):
        assert_frame_equal(database.read(corpus_file, name, order), corpus[name].sort(order), check_exact=True)
    with duckdb.connect(str(corpus_file), read_only=True) as connection:
        comments = connection.execute("SELECT comment FROM duckdb_columns() WHERE NOT internal").fetchall()
    assert len(comments) > 200
    assert all(comment for (comment,) in comments)


def test_views_of_the_corpus(corpus_file, corpus):
    comparable = database.read(corpus_file, "comparable_throughput", ["source", "row_id"])
    assert len(comparable) == corpus["throughput"]["output_tok_per_s_per_gpu"].is_not_null().sum()
    least = database.read(corpus_file, "least_energy", ["model", "gpu", "precision", "boundary"])
    group = ["model", "gpu", "precision", "boundary"]
    by_hand = corpus["measured_energy"].group_by(group).agg(pl.col("energy_j_per_output_token").min()).sort(group)
    assert_frame_equal(least.select(by_hand.columns), by_hand)
    ratio = least["energy_j_per_output_token"] / least["wh_per_1000_output_tokens"]
    assert ratio.to_list() == pytest.approx([3.6] * len(least))  # 1 Wh = 3,600 J
    coverage = database.read(corpus_file, "coverage", ["model", "gpu"])
    assert (coverage["throughput_rows"].sum(), coverage["measured_energies"].sum()) == (
        len(corpus["throughput"]),
        len(corpus["measured_energy"]),
    )
    per_source = database.read(corpus_file, "rows_per_source", ["source"])
    assert per_source["rows_accepted"].sum() == 12467 + 2117 + 126
