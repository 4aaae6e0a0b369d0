"""The views answer their questions, by hand on rows of one's own, and say what every column is."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from inference_energy.publish import catalogue, database as publish_database
from inference_energy.tables import database

pytestmark = pytest.mark.slow

SQL = sorted((Path(__file__).parents[3] / "workflow/views").glob("*.sql"))
MEANINGS = publish_database.meanings(catalogue.BY_NAME, SQL)
VIEWS = [name for name, meaning in MEANINGS.items() if meaning.query]
QUERY = {"study": "s", "workload": "long", "subject": "frontier", "subject_kind": "class", "boundary": "datacenter"}
LEVER = {"study": "s", "workload": "long", "spread": "shared"}
MOVED = {"study": "s", "quantity": "mean", "unit": "Wh", "central": 2.0}
RAN = {"source": "bench", "file": "bench.csv", "url": "https://example.org"}
ROWS = {
    "headline": [{"study": "s", "quantity": name, "within": within} for name, within in (("a", True), ("b", False))]
    + [{"study": "s", "quantity": "c", "within": None}],
    "energy_per_query": [
        QUERY | {"spread": "untrimmed", "energy_wh_p50": 2.0, "energy_wh_mean": 4.0},
        QUERY | {"spread": "shared", "energy_wh_p50": 3.0},
        QUERY | {"spread": "per_query", "energy_wh_p50": 1.0},
        QUERY | {"study": "p", "spread": "untrimmed", "energy_wh_p50": 5.0},
        QUERY | {"subject_kind": "model", "subject": "M", "spread": "untrimmed"},
    ],
    "scenario_aggregates": [{"study": "s", "scenario": "all", "energy_gwh_per_day_mean": 2.4}],
    "intervention_multipliers": [
        LEVER | {"lever": "small", "combination": "single", "multiplier_p50": 1.25},
        LEVER | {"lever": "all", "combination": "overlap", "multiplier_p50": 5.0},
        LEVER | {"lever": "large", "combination": "single", "multiplier_p50": 4.0},
        LEVER | {"lever": "large", "combination": "single", "multiplier_p50": 9.0, "spread": "per_query"},
    ],
    "tornado": [
        MOVED | {"ingredient": "pue", "at_low": 1.5, "at_high": 3.0},
        MOVED | {"ingredient": "load", "at_low": 4.0, "at_high": 1.0},
    ],
    "variance_shares": [
        {"study": "s", "ingredient": name, "variance_share": share} for name, share in (("pue", 0.25), ("load", 0.75))
    ],
    "throughput_fit": [
        {"study": "p", "model": "M", "form": "log_linear"},
        {"study": "p", "model": "constant", "form": "constant"},
    ],
    "throughput": [RAN | {"row_id": "1", "line": 2}, RAN | {"row_id": "2", "line": 3}],
    "throughput_rows": [
        RAN
        | {"study": "p", "row_id": "2", "model": "M", "gpu": "G", "line": 3}
        | {"node_tok_per_s": 100.0, "left_out_tok_per_s": 150.0}
    ],
    "held_out": [
        {"score": score, "left_out": "source", "source": "bench", "row_id": "1", "measured": 2.0, "predicted_p50": 3.0}
        for score in ("energy_at_batch", "speed")
    ],
    "measured_energy": [RAN | {"row_id": "1", "line": 9}],
    "statements": [{"study": "s", "source": "others", "row_id": "1", "factor": 2.0}],
    "published_estimate": [{"source": "others", "row_id": "1", "citation": "Somebody"}],
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    path = tmp_path_factory.mktemp("public") / "inference_energy.duckdb"
    frames = {
        name: pl.DataFrame(
            [dict.fromkeys(table.types()) | row for row in ROWS.get(name, [])], schema=table.types(), orient="row"
        )
        for name, table in catalogue.BY_NAME.items()
    }
    database.write(path, frames, MEANINGS)
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def rows(opened, view, *columns):
    return opened.execute(f"SELECT {', '.join(columns)} FROM {view}").fetchall()


def test_every_table_view_and_column_says_what_it_is(opened):
    assert opened.execute("SELECT count(*) FROM duckdb_tables() WHERE comment IS NULL").fetchone() == (0,)
    assert opened.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal AND comment IS NULL").fetchone() == (
        0,
    )
    columns = opened.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    assert {table for table, _, _ in columns} == set(catalogue.BY_NAME) | set(VIEWS)
    assert [(table, column) for table, column, comment in columns if not comment] == []


def test_energy_at_a_glance_has_the_mean_where_it_is_known(opened):
    found = rows(opened, "energy_per_query_at_a_glance", "study", "query_wh_p50", "expected_wh", "mean_wh_p50")
    assert found == [("p", 5.0, None, None), ("s", 2.0, 4.0, 3.0)]


def test_only_what_was_asked_and_is_not_reproduced_is_listed(opened):
    assert rows(opened, "printed_values_not_reproduced", "quantity") == [("b",)]


def test_a_fleets_mean_power(opened):
    # 2.4 GWh in 24 hours are 100 MW.
    assert rows(opened, "fleets_side_by_side", "scenario", "mean_power_mw") == [("all", pytest.approx(100))]


def test_interventions_begin_with_the_one_that_saves_most(opened):
    found = rows(opened, "what_interventions_save", "lever", "saved_share")
    assert found == [("large", 0.75), ("small", pytest.approx(0.2)), ("all", 0.8)]


def test_assumptions_begin_with_the_widest_swing(opened):
    found = rows(opened, "which_assumptions_matter_most", "ingredient", "order_in_quantity", "swing")
    assert found == [("load", 1, 4.0), ("pue", 2, 2.0)]


def test_spread_begins_with_the_largest_share(opened):
    assert rows(opened, "where_the_variance_comes_from", "ingredient") == [("load",), ("pue",)]


def test_rows_behind_a_curve_lead_to_their_lines(opened):
    found = rows(opened, "benchmark_rows_behind_a_curve", "study", "gpu", "row_id", "left_out_ratio", "file", "line")
    assert found == [("p", "G", "2", 1.5, "bench.csv", 3)]


def test_measured_runs_lead_to_their_lines(opened):
    found = rows(
        opened,
        "measured_against_predicted",
        "measured_j_per_output_token",
        "predicted_j_per_output_token_p50",
        "file",
        "line",
    )
    assert found == [(2.0, 3.0, "bench.csv", 9)]


def test_statements_say_who_stated_them(opened):
    assert rows(opened, "statements_of_others_against_this_work", "factor", "citation") == [(2.0, "Somebody")]


# The first values of every view: a terminal shows four columns.
VALUES = {
    "benchmark_rows_behind_a_curve": "throughput_tok_per_s",
    "energy_per_query_at_a_glance": "query_wh_p50",
    "fleets_side_by_side": "energy_gwh_per_day_mean",
    "measured_against_predicted": "predicted_j_per_output_token_p50",
    "printed_values_not_reproduced": "computed",
    "statements_of_others_against_this_work": "ours_wh_p50",
    "what_interventions_save": "saved_share",
    "where_the_variance_comes_from": "variance_share",
    "which_assumptions_matter_most": "at_high",
}


def test_the_value_is_in_the_first_columns(opened):
    assert set(VALUES) == set(VIEWS)
    for view, value in VALUES.items():
        described = opened.execute(f'FROM "{view}" LIMIT 0').description
        assert value in [name for name, *_ in described[:4]], view


def test_values_have_three_digits(tmp_path):
    """By hand: 0.1234567 and 1,234,567 Wh."""
    query = QUERY | {"spread": "untrimmed", "energy_wh_p50": 0.1234567, "energy_wh_mean": 1234567.0}
    frames = {name: pl.DataFrame(schema=table.types()) for name, table in catalogue.BY_NAME.items()}
    types = catalogue.BY_NAME["energy_per_query"].types()
    frames["energy_per_query"] = pl.DataFrame([dict.fromkeys(types) | query], schema=types, orient="row")
    database.write(tmp_path / "of.duckdb", frames, MEANINGS)
    with duckdb.connect(str(tmp_path / "of.duckdb"), read_only=True) as connection:
        assert rows(connection, "energy_per_query_at_a_glance", "query_wh_p50", "expected_wh") == [(0.123, 1230000.0)]


def test_comments_say_the_unit_once(opened):
    comments = dict(
        opened.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'energy_per_query'"
        ).fetchall()
    )
    assert comments["energy_wh_p50"].count("Wh") == 1
    assert comments["draws"].endswith("[count]")
