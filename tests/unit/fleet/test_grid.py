"""Electricity grids and datacenters: the registries are read, typed, and say what their sources say."""

import csv
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from inference_energy.corpus.registries import read_registry
from inference_energy.fleet.tables import GridZone
from inference_energy.tables.inputs import URL, InputTable, cell, filled
from inference_energy.tables.units import FACTOR
from messages import message_of

ROOT = Path(__file__).parents[3]
ZONE = {
    "zone": "FRA",
    "label": "France",
    "carbon_gco2e_per_kwh": "44.18",
    "carbon_basis": "life cycle",
    "source": "https://example.org",
}
STATEMENT = {"operator": "Cloud", "covers": "all", "pue": "1.1", "source": "https://example.org"}


class DatacenterEfficiency(InputTable):
    """One statement on the PUE or on-site WUE of an operator's datacenters."""

    operator: str = filled("who runs, rents or surveys the datacenters")
    covers: str = filled("the datacenters that the figures stand for")
    pue: float = cell("facility energy per IT energy (low end of a range)", FACTOR, ge=1, le=5, nullable=True)
    pue_high: float = cell("high end, if the PUE is a range", FACTOR, ge=1, le=5, nullable=True)
    wue_l_per_kwh: float = cell(
        "water used on site per kWh of IT energy (low end of a range)", "L/kWh", ge=0, le=20, nullable=True
    )
    wue_high_l_per_kwh: float = cell("high end, if the WUE is a range", "L/kWh", ge=0, le=20, nullable=True)
    year: int = cell("year of the figures (empty: not stated)", "year", ge=2000, le=2100, nullable=True)
    source: str = cell("where the statement stands", str_matches=URL)

    class Config:
        """A source states a year's figures for an operator once."""

        strict = True
        unique = ["operator", "year", "source"]  # noqa: RUF012

    @pa.dataframe_check(name="some_figure", error="pue: a number, as there is none for the WUE")
    def some_figure(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A row without a figure states nothing."""
        return data.lazyframe.select(pl.col("pue").is_not_null() | pl.col("wue_l_per_kwh").is_not_null())

    @pa.dataframe_check(name="pue_range", error="pue_high: no less than pue, or empty")
    def pue_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range has a low end and does not run backwards."""
        return data.lazyframe.select(_is_range("pue", "pue_high"))

    @pa.dataframe_check(name="wue_range", error="wue_high_l_per_kwh: no less than wue_l_per_kwh, or empty")
    def wue_range(cls, data: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805
        """A range has a low end and does not run backwards."""
        return data.lazyframe.select(_is_range("wue_l_per_kwh", "wue_high_l_per_kwh"))


def _is_range(low: str, high: str) -> pl.Expr:
    return pl.col(high).is_null() | (pl.col(low) <= pl.col(high)).fill_null(False)


@pytest.fixture(scope="module")
def grid():
    return read_registry(ROOT / "resources/grid.csv", GridZone)


@pytest.fixture(scope="module")
def datacenters():
    return read_registry(ROOT / "resources/datacenter_efficiency.csv", DatacenterEfficiency)


def write(path, table, *rows):
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(table.to_schema().columns))
        writer.writeheader()
        writer.writerows(rows)
    return path


def carbon(grid, zone):
    return grid.row(by_predicate=pl.col("zone") == zone, named=True)["carbon_gco2e_per_kwh"]


# Grids.


@pytest.mark.parametrize(
    ("zone", "label", "carbon_gco2e", "water_l", "earlier_gco2e", "earlier_year"),
    [
        ("FRA", "France", 44.18, 3.6737, 56.039, 2023),
        ("IND", "India", 708.32, 3.4368, 713.441, 2023),
        ("ISL", "Iceland", 28.33, 6.1409, 27.68, 2022),
        ("POL", "Poland", 614.98, 2.5135, 661.926, 2023),
        ("SWE", "Sweden", 35.82, 6.0315, 40.695, 2023),
        ("USA", "United States", 383.55, 3.1321, 369.473, 2023),
        ("WOR", "World", 473.01, 3.908, None, None),
    ],
)
def test_zone_as_its_source_has_it(grid, zone, label, carbon_gco2e, water_l, earlier_gco2e, earlier_year):
    row = grid.row(by_predicate=pl.col("zone") == zone, named=True)
    assert row["label"] == label
    assert row["carbon_gco2e_per_kwh"] == carbon_gco2e
    assert row["water_l_per_kwh"] == water_l
    assert row["carbon_earlier_gco2e_per_kwh"] == earlier_gco2e
    assert row["earlier_year"] == earlier_year


def test_every_zone_has_plausible_carbon_and_water(grid):
    assert len(grid) == 50
    assert grid["zone"].is_sorted()
    # Hydropower alone is near 20 g/kWh over its life cycle, old lignite alone above 1000 g/kWh.
    assert grid["carbon_gco2e_per_kwh"].is_between(20, 1000).all()
    # Gas and wind take about 1 L/kWh, hydropower with its reservoirs tens.
    assert grid["water_l_per_kwh"].is_between(1, 30).all()


def test_grids_stand_in_the_known_order(grid):
    assert carbon(grid, "SWE") < carbon(grid, "FRA") < carbon(grid, "USA") < carbon(grid, "POL") < carbon(grid, "IND")
    assert carbon(grid, "FRA") < carbon(grid, "WOR") < carbon(grid, "CHN")


def test_both_carbon_figures_are_of_one_kind(grid):
    """Were the earlier one of power plants alone, it would be near zero where there is hardly any fuel to burn."""
    assert grid["carbon_basis"].unique().to_list() == ["life cycle"]
    ratio = grid["carbon_earlier_gco2e_per_kwh"] / grid["carbon_gco2e_per_kwh"]
    assert ratio.drop_nulls().is_between(0.75, 1.5).all()
    assert grid.filter(pl.col("zone").is_in(["ISL", "NOR"]))["carbon_earlier_gco2e_per_kwh"].min() > 20


def test_earlier_figure_has_its_year_and_source(grid):
    known = grid["carbon_earlier_gco2e_per_kwh"].is_not_null()
    assert known.sum() == 49
    assert (grid["earlier_year"].is_not_null() == known).all()
    assert (grid["earlier_source"].is_not_null() == known).all()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"zone": "France"}, "column zone: found 'France'"),
        ({"carbon_gco2e_per_kwh": ""}, "column carbon_gco2e_per_kwh: found an empty cell; allowed: a value"),
        ({"carbon_gco2e_per_kwh": "-1"}, "column carbon_gco2e_per_kwh: found '-1'; allowed: >= 0"),
        ({"carbon_gco2e_per_kwh": "44180"}, "column carbon_gco2e_per_kwh: found '44180'; allowed: <= 2000"),
        ({"carbon_basis": "market"}, "column carbon_basis: found 'market'; allowed: one of"),
        ({"water_l_per_kwh": "3673"}, "column water_l_per_kwh: found '3673'; allowed: <= 200"),
        ({"water_l_per_kwh": "nan"}, "column water_l_per_kwh: found 'nan'; allowed: a finite number"),
        ({"year": "2024.5"}, "column year: found '2024.5'; allowed: a whole number"),
        ({"source": "Ember"}, "column source: found 'Ember'; allowed: an address"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_fault_of_a_zone(tmp_path, change, fault):
    path = write(tmp_path / "grid.csv", GridZone, ZONE | change)
    assert f"line 2 {fault}" in message_of(read_registry, path, GridZone)


def test_zone_given_twice(tmp_path):
    path = write(tmp_path / "grid.csv", GridZone, ZONE, ZONE | {"label": "France again"})
    assert "column zone: found 'FRA'; allowed: a value that no other row has" in message_of(
        read_registry, path, GridZone
    )


def test_zone_needs_carbon_alone(tmp_path):
    row = read_registry(write(tmp_path / "grid.csv", GridZone, ZONE), GridZone).row(0, named=True)
    assert row["carbon_gco2e_per_kwh"] == 44.18
    assert [name for name, value in row.items() if value is None] == [
        "water_l_per_kwh",
        "year",
        "carbon_earlier_gco2e_per_kwh",
        "earlier_year",
        "earlier_source",
    ]


# Datacenters.


def test_statement_as_its_source_has_it(datacenters):
    rows = {
        (row["operator"], row["year"], row["pue"], row["pue_high"], row["wue_l_per_kwh"], row["wue_high_l_per_kwh"])
        for row in datacenters.iter_rows(named=True)
    }
    assert {
        ("Anthropic", None, 1.09, 1.14, 0.13, 0.99),
        ("Mistral AI", None, 1.16, None, 0.09, None),
        ("OpenAI", None, 1.2, None, 0.569, None),
        ("AWS", 2024, 1.15, None, None, None),
        ("Meta", 2023, 1.08, None, None, None),
        ("Microsoft", 2024, None, None, 0.3, None),
        ("Uptime Institute", 2024, 1.56, None, None, None),
    } <= rows


def test_large_clouds_are_more_efficient_than_the_average_site(datacenters):
    surveyed = pl.col("operator") == "Uptime Institute"
    assert datacenters.filter(surveyed)["pue"].min() > datacenters.filter(~surveyed)["pue"].max()


def test_datacenter_statements_are_plausible(datacenters):
    assert datacenters["pue"].drop_nulls().is_between(1.05, 1.6).all()
    assert datacenters["wue_l_per_kwh"].drop_nulls().is_between(0, 2).all()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"pue": "0.9"}, "column pue: found '0.9'; allowed: >= 1"),
        ({"pue": ""}, "column pue: found an empty cell; allowed: a number, as there is none for the WUE"),
        ({"pue_high": "1.05"}, "column pue_high: found '1.05'; allowed: no less than pue, or empty"),
        ({"wue_high_l_per_kwh": "1"}, "column wue_high_l_per_kwh: found '1'; allowed: no less than wue_l_per_kwh"),
        ({"wue_l_per_kwh": "-0.1"}, "column wue_l_per_kwh: found '-0.1'; allowed: >= 0"),
        ({"source": ""}, "column source: found an empty cell"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_fault_of_a_statement(tmp_path, change, fault):
    path = write(tmp_path / "datacenter_efficiency.csv", DatacenterEfficiency, STATEMENT | change)
    assert f"line 2 {fault}" in message_of(read_registry, path, DatacenterEfficiency)


def test_statement_given_twice(tmp_path):
    path = write(tmp_path / "datacenter_efficiency.csv", DatacenterEfficiency, *[STATEMENT | {"year": "2024"}] * 2)
    assert "allowed: one row per operator and year and source" in message_of(read_registry, path, DatacenterEfficiency)
