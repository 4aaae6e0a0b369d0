"""Supply, inventory, rows for other reports, cost: by hand; and regions of clouds."""

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.statement import audit, inventory, regions, supplied, tables
from inference_energy.statement.coefficients import QUANTITIES
from usage_logs import CLOUDS, GRID

SOURCES = {"logs": {"chat": {}}, "bills": {"provider": {}}}


def test_supply_is_of_all_or_by_name_and_otherwise_bought():
    assert supplied.of_sources(SOURCES, "u.yaml") == {"chat": "bought_tokens", "provider": "bought_tokens"}
    assert supplied.assumed(SOURCES) == ["chat", "provider"]
    own = SOURCES | {"supply": "own_machines"}
    assert supplied.of_sources(own, "u.yaml") == {"chat": "own_machines", "provider": "own_machines"}
    assert supplied.assumed(own) == []
    one = SOURCES | {"supply": {"chat": "rented_machines"}}
    assert supplied.of_sources(one, "u.yaml") == {"chat": "rented_machines", "provider": "bought_tokens"}
    assert supplied.assumed(one) == ["provider"]
    with pytest.raises(InputError, match=r"u.yaml: supply: found chats; allowed: chat or provider, the logs and bills"):
        supplied.of_sources(SOURCES | {"supply": {"chats": "own_machines"}}, "u.yaml")


def test_rows_have_the_scope_of_their_source():
    rows = pl.DataFrame({"source": ["a", "b", "c"]})
    found = supplied.labelled(rows, {"a": "own_machines", "b": "rented_machines", "c": "bought_tokens"})
    assert found["scope"].to_list() == ["Scope 2", "Scope 2", "Scope 3, category 1"]


def row(breakdown, of=1.0, **keys):
    """A row of a statement: 1,000 kWh, 400 kg location-based, 100 kg market-based, 50 kg of servers, times `of`."""
    sizes = {
        "energy_kwh": 1000.0,
        "emissions_location_kgco2e": 400.0,
        "emissions_market_kgco2e": 100.0,
        "embodied_kgco2e": 50.0,
    }
    sizes |= {"water_m3": 4.0, "water_onsite_m3": 1.0, "water_offsite_m3": 3.0}
    # P5 is half of the median, P95 three times it, the mean 1.25 of it.
    shape = {"p05": 0.5, "p50": 1.0, "p95": 3.0, "mean": 1.25}
    amounts = {f"{name}_{q}": sizes[name] * of * factor for name in QUANTITIES for q, factor in shape.items()}
    labels = dict.fromkeys(("month", "model", "tenant", "region", "source", "supply", "scope")) | keys
    return (
        {"breakdown": breakdown, "requests": 1000.0 * of, "input_tokens": 1e6, "output_tokens": 1e5} | labels | amounts
    )


def statement(*rows):
    texts = dict.fromkeys(("month", "model", "tenant", "region", "source", "supply", "scope"), pl.String)
    return pl.DataFrame(list(rows), schema_overrides=texts, infer_schema_length=None)


STATEMENT = statement(
    row("supply", supply="own_machines"),
    row("supply", 2.0, supply="bought_tokens"),
    row("scope", scope="Scope 2"),
    row("scope", 2.0, scope="Scope 3, category 1"),
    row("source", source="chat"),
    row("source", 2.0, source="provider"),
)


def test_inventory_names_scope_and_category_as_the_ghg_protocol_does():
    found = inventory.inventory(STATEMENT)
    tables.INVENTORY.validate(found)
    assert [(of["scope"], of["method"], of["kgco2e_p50"]) for of in found.to_dicts()] == [
        ("Scope 2, purchased electricity", "location-based", 400),
        ("Scope 2, purchased electricity", "market-based", 100),
        ("Scope 3, category 2 (capital goods)", "share of the lifetime", 50),
        ("Scope 3, category 1 (purchased goods and services)", "average of the grid", 800),
        ("Scope 3, category 1 (purchased goods and services)", "provider's contracts, for information", 200),
        ("Scope 3, category 1 (purchased goods and services)", "share of the lifetime", 100),
    ]


CAPACITY = pl.DataFrame(
    [("energy_per_request", "Wh", 0.5, 1.0, 3.0, 1.25), ("sci_per_request", "gCO2e", 0.2, 0.4, 1.2, 0.5)],
    schema=["quantity", "unit", "p05", "p50", "p95", "mean"],
    orient="row",
)


def disclosed(of=STATEMENT):
    found = inventory.disclosures(of, CAPACITY)
    tables.DISCLOSURES.validate(found)
    return {(row["standard"], row["datapoint"], row["label"][:9]): row for row in found.to_dicts()}


def test_rows_of_reports_are_those_computed_by_hand():
    found = disclosed()
    assert found["ESRS", "E1-5, 37", "Total ene"]["p50"] == 1.0  # MWh; bought tokens are not own operations
    assert found["ESRS", "E1-5, 37 (c)", "of which "]["mean"] is None
    assert found["ESRS", "E1-6, 49 (a)", "Gross Sco"]["p95"] == pytest.approx(1.2)
    assert found["ESRS", "E1-6, 49 (b)", "Gross Sco"]["p50"] == pytest.approx(0.1)
    # Means add up: 800 and 100 kg, times 1.25; their medians do not.
    bought = found["ESRS", "E1-6, 51", "Scope 3, "]
    assert bought["mean"] in (pytest.approx(1.125), pytest.approx(0.0625))
    assert found["GRI", "302-1 c", "Electrici"]["p50"] == pytest.approx(3.6)  # GJ of 1,000 kWh
    assert found["GRI", "302-2 a", "Energy co"]["p50"] == pytest.approx(7.2)
    assert found["GRI", "305-3 a", "Gross oth"]["mean"] == pytest.approx((800 + 100 + 50) * 1.25 / 1000)
    assert found["GRI", "305-3 a", "Gross oth"]["p50"] is None
    assert found["GRI", "305-4 a", "Emissions"]["p50"] == 0.4
    assert found["ESRS", "E3-4, 28 (a)", "Water con"]["p50"] == 1.0


def test_a_scope_that_a_usage_does_not_have_is_zero():
    bought = STATEMENT.filter(pl.col("supply").is_null() | (pl.col("supply") == "bought_tokens"))
    found = disclosed(bought.filter(pl.col("scope").is_null() | (pl.col("scope") != "Scope 2")))
    assert found["ESRS", "E1-6, 49 (a)", "Gross Sco"]["mean"] == 0
    assert found["ESRS", "E1-5, 37", "Total ene"]["mean"] == 0


def test_without_footprints_scope_3_is_not_known():
    unknown = STATEMENT.with_columns(
        pl.lit(None, pl.Float64).alias(f"embodied_kgco2e_{q}") for q in ("p05", "p50", "p95", "mean")
    )
    found = disclosed(unknown)
    assert found["GRI", "305-3 a", "Gross oth"]["mean"] is None
    assert found["GRI", "305-2 a", "Gross loc"]["p50"] == pytest.approx(0.4)


KINDS = pl.DataFrame(
    [
        ("provider", "request", "A", None, None),
        ("provider", "request", "A", "USD", 0.25),
        ("provider", "request", "B", "USD", 0.5),
        ("provider", "batch", "B", "EUR", 4.0),
        ("provider", "embedding", "B", "USD", 9.0),
    ],
    schema={"source": pl.String, "kind": pl.String, "model": pl.String, "currency": pl.String, "cost": pl.Float64},
    orient="row",
)


def test_costs_are_next_to_energy_where_they_are_stated():
    usage = {"costs": {"currency": "EUR", "amounts": {"provider": 500}, "source": "invoices"}}
    supplies = {"chat": "own_machines", "provider": "bought_tokens"}
    found = inventory.costs(STATEMENT, KINDS, usage, supplies)
    tables.COSTS.validate(found)
    assert found.to_dicts() == [
        {
            "source": "provider",
            "supply": "bought_tokens",
            "cost": 500.0,
            "currency": "EUR",
            "requests": 2000.0,
            "energy_kwh_mean": 2500.0,
            "emissions_location_kgco2e_mean": 1000.0,
        }
    ]
    none = inventory.costs(STATEMENT, KINDS.clear(), {}, supplies)
    tables.COSTS.validate(none)
    assert none.is_empty()


def test_costs_of_files_are_those_of_estimated_rows_by_currency():
    supplies = {"chat": "own_machines", "provider": "bought_tokens"}
    found = inventory.costs(STATEMENT, KINDS, {}, supplies)
    tables.COSTS.validate(found)
    assert found.select("source", "currency", "cost").rows() == [
        ("provider", "EUR", 4.0),
        ("provider", "USD", 0.75),
    ]
    shown = audit.costs(found, {})
    assert shown.note == "Source: the files, for the rows that are estimated."
    assert [row[1:3] for row in shown.rows] == [["4.00 EUR", "-"], ["0.750000 USD", "-"]]  # of a part of the requests
    alone = audit.costs(found.filter(pl.col("currency") == "EUR"), {})
    assert alone.rows[0][2] == "2.00 EUR"


def of_region(**entry):
    found = regions.of_regions(["eu"], {"eu": entry}, GRID, "u.yaml", clouds=CLOUDS)
    return found["eu"]


def test_cloud_regions_stand_for_zones():
    aws = of_region(grid_zone="aws:eu-x-1")
    assert (aws.location_gco2e_per_kwh, aws.location_basis) == (500, "life cycle")
    assert aws.grid_zone == "aws:eu-x-1, Town, Aland (AAA)"
    gcp = of_region(grid_zone="gcp:europe-y1")
    assert (gcp.location_gco2e_per_kwh, gcp.location_basis, gcp.offsite_water_l_per_kwh) == (50, "direct", 3)
    with pytest.raises(InputError, match=r"eu.grid_zone: found 'aws:eu-x-2'; allowed: .*such as aws:eu-x-1, which"):
        of_region(grid_zone="aws:eu-x-2")


def test_a_factor_of_ones_own_takes_the_place_of_the_grids():
    own = {"location_gco2e_per_kwh": 363, "location_basis": "direct", "location_source": "the authority"}
    found = of_region(grid_zone="AAA", **own)
    assert (found.location_gco2e_per_kwh, found.market_gco2e_per_kwh) == (363, 363)
    assert found.location_source == "the authority; water: s"
    assert found.offsite_water_l_per_kwh == 3


def test_a_contract_without_emissions_and_a_high_pue_are_possible():
    found = of_region(grid_zone="AAA", market_gco2e_per_kwh=0, market_source="wind", pue=2.9, pue_source="x")
    assert (found.market_gco2e_per_kwh, found.pue) == (0, 2.9)
