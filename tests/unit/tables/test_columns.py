"""A column says its meaning and its unit where it is declared, and everything that shows a table reads them there."""

import pandera.polars as pa
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.publish.catalogue import PUBLIC_TABLES
from inference_energy.statement.tables import TABLES as OF_STATEMENTS
from inference_energy.tables.columns import comments, count, number, quantiles, share, table, text, texts, unit_of
from inference_energy.tables.dictionary import data_dictionary
from inference_energy.tables.inputs import InputTable, cell
from inference_energy.tables.public import PublicTable
from inference_energy.tables.rows import checked
from inference_energy.tables.units import OF_PARAMETER, OF_ROW

BY_HAND = {
    "energy_per_query": {"energy_wh_p50": "Wh", "energy_wh_p50_se": "Wh", "energy_wh_p50_relative_se": "share of 1"},
    "intervention_multipliers": {"multiplier_p50": "factor", "pairs": "count"},
    "scenario_aggregates": {"energy_gwh_per_day_p95_as_published": "GWh/day", "long_share": "share of 1"},
    "fleet_plan": {"p50": OF_ROW, "unit": ""},
    "headline": {"computed_p05": OF_ROW, "relative_difference": "share of 1"},
    "fleet_hours": {"relative_rate": "factor", "power_mw_p95": "MW", "gpus_on_mean": "GPUs"},
    "sweep_grids": {"x": OF_PARAMETER, "mean": OF_ROW},
    "energy_by_boundary": {"served_share": "share of 1", "batch_p50": "requests", "replica_gpus_p50": "GPUs"},
    "statements": {"ours_wh_p05": "Wh", "factor_p95": "factor"},
    "measured_energy": {
        "energy_j_per_output_token": "J per output token",
        "power_w": "W",
        "power_cap_w_per_gpu": "W per GPU",
        "duration_s": "s",
        "line": "position",
    },
    "throughput": {"output_tok_per_s_per_gpu": "tok/s per GPU", "concurrency": "requests in flight"},
    "hardware": {
        "memory_gb": "GB",
        "memory_bandwidth_gb_per_s": "GB/s",
        "node_idle_power_kw": "kW",
        "peak_fp8_tflop_per_s": "TFLOP/s",
        "peak_int8_tflop_per_s": "TOP/s",
        "gpus_per_node": "count",
    },
    "model": {"total_parameters_billions": "billions"},
}


@pytest.mark.parametrize("name", BY_HAND)
def test_units_by_hand(name):
    (found,) = (table.units() for table in PUBLIC_TABLES if table.name == name)
    assert {column: found[column] for column in BY_HAND[name]} == BY_HAND[name]


@pytest.mark.parametrize("table", [*PUBLIC_TABLES, *OF_STATEMENTS.values()], ids=lambda table: table.name)
def test_every_number_of_every_table_has_a_unit_and_nothing_else_has(table):
    for entry in data_dictionary([table])[table.name]:
        assert bool(entry.unit) is (entry.type in ("number", "integer")), entry


@pytest.mark.parametrize("table", [*PUBLIC_TABLES, *OF_STATEMENTS.values()], ids=lambda table: table.name)
def test_numbers_in_the_unit_of_their_row_have_one_to_refer_to(table):
    units = table.units()
    assert "unit" in units or OF_ROW not in units.values()


def public(**schemas):
    return PublicTable(name="speeds", path="{study}/speeds.csv", meaning="", schemas=schemas)


def test_a_number_without_a_unit_is_reported():
    with pytest.raises(InputError, match=r"^table speeds: column speed: found unit ''; allowed: a unit next to"):
        data_dictionary([public(nested=table([], speed=number("how fast", "")))])


def test_methods_agree_on_the_unit_of_a_column():
    one, other = table([], speed=number("how fast", "tok/s")), table([], speed=number("how fast", "tok/min"))
    with pytest.raises(InputError, match=r"^table speeds: column speed: found unit 'tok/min'; allowed: tok/s$"):
        public(published=one, nested=other).units()
    assert public(published=one, nested=one).units() == {"study": "", "speed": "tok/s"}


def test_a_comment_is_meaning_and_unit():
    columns = {"name": text("name"), "line": count("line of the file", "position"), "part": share("part of all")}
    assert comments(columns) == {
        "name": "name",
        "line": "line of the file [position]",
        "part": "part of all [share of 1]",
    }


def test_columns_of_one_quantity():
    columns = quantiles("energy_wh_{}_se", "{} of it", "Wh", ("p05", "p50", "mean"), nullable=True)
    assert comments(columns) == {
        "energy_wh_p05_se": "P5 of it [Wh]",
        "energy_wh_p50_se": "median of it [Wh]",
        "energy_wh_mean_se": "mean of it [Wh]",
    }
    assert all(column.nullable for column in columns.values())


def test_input_tables_declare_units_in_the_same_way():
    class Speeds(InputTable):
        name: str = cell("name")
        speed: float = cell("how fast", "tok/s", gt=0)

    columns = Speeds.to_schema().columns
    assert comments(columns) == {"name": "name", "speed": "how fast [tok/s]"}
    assert unit_of(pa.Column(float)) == ""


SPEEDS = table(["name"], **texts(name="name"), speed=number("how fast", "tok/s"), part=share("part"))
GOOD = {"name": ["a", "b"], "speed": [1.0, 2.0], "part": [0.0, 1.0]}


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("speed", -1.0, ">= 0"),
        ("speed", float("nan"), "a value, not an empty cell"),
        ("speed", float("inf"), "a finite number"),
        ("part", 1.5, "<= 1"),
        ("part", -0.5, ">= 0"),
    ],
)
def test_what_a_column_does_not_hold_is_reported(column, value, allowed):
    assert checked(pl.DataFrame(GOOD), SPEEDS, "speeds.csv").equals(pl.DataFrame(GOOD))
    with pytest.raises(InputError, match=rf"^speeds.csv: column {column}: found .*; allowed: {allowed}$"):
        checked(pl.DataFrame(GOOD | {column: [1.0, value]}), SPEEDS, "speeds.csv")


def test_rows_with_the_same_name_and_columns_that_are_not_declared_are_reported():
    with pytest.raises(InputError, match=r"^speeds.csv: column "):
        checked(pl.DataFrame(GOOD | {"name": ["a", "a"]}), SPEEDS, "speeds.csv")
    with pytest.raises(InputError, match=r"^speeds.csv: column "):
        checked(pl.DataFrame(GOOD | {"more": [1, 2]}), SPEEDS, "speeds.csv")
