"""Rows that an accountant takes over: greenhouse gas inventory, disclosures, cost."""

from collections.abc import Iterator, Mapping

import polars as pl

from inference_energy.common.conversions import KG_PER_T, KWH_PER_MWH
from inference_energy.common.formulas import Quantity, formula
from inference_energy.statement.logs.shape import ESTIMATED
from inference_energy.statement.supplied import CATEGORY_1, SCOPE_2, SUPPLIES
from inference_energy.statistics.quantiles import PERCENTILES

SUMMARY = (*PERCENTILES, "mean")
LOCATION, MARKET, EMBODIED = "emissions_location_kgco2e", "emissions_market_kgco2e", "embodied_kgco2e"
ELECTRICITY, SERVERS = "electricity", "making of servers"
SHARE_OF_LIFETIME = "share of the lifetime"
# Name of a method by the scope of the electricity.
METHODS = {
    SCOPE_2: {LOCATION: "location-based", MARKET: "market-based"},
    CATEGORY_1: {LOCATION: "average of the grid", MARKET: "provider's contracts, for information"},
}


def inventory(statement: pl.DataFrame) -> pl.DataFrame:
    """Emissions by scope and category, from the rows of a statement by supply.

    Returns:
        A row per way of supply, source of emissions and method: `supply, scope, emissions, method` and kg CO2e. Rows of
        the two methods of one electricity are alternatives, and are not added up.
    """
    rows = []
    for of in _by_supply(statement):
        supply = SUPPLIES[of["supply"]]
        sources = [(ELECTRICITY, supply.electricity, METHODS[supply.scope][name], name) for name in (LOCATION, MARKET)]
        sources.append((SERVERS, supply.embodied, SHARE_OF_LIFETIME, EMBODIED))
        rows += [
            {"supply": of["supply"], "scope": scope, "emissions": emissions, "method": method}
            | {f"kgco2e_{q}": of[f"{name}_{q}"] for q in SUMMARY}
            for emissions, scope, method, name in sources
        ]
    types = dict.fromkeys(("supply", "scope", "emissions", "method"), pl.String)
    return pl.DataFrame(rows, types | {f"kgco2e_{q}": pl.Float64 for q in SUMMARY})


def _by_supply(statement: pl.DataFrame) -> list[dict]:
    rows = statement.filter(pl.col("breakdown") == "supply").to_dicts()
    return sorted(rows, key=lambda row: list(SUPPLIES).index(row["supply"]))


@formula(unit="GJ", source="1 kWh is 3.6 MJ")
def gj(*, kwh: Quantity) -> Quantity:
    """Energy in gigajoules."""
    return kwh * 3.6 / 1000


ESRS, GRI = "ESRS", "GRI"


def disclosures(statement: pl.DataFrame, capacity: pl.DataFrame) -> pl.DataFrame:
    """What this usage adds to the rows of an ESRS E1 or GRI table.

    Medians of parts do not add up: the mean does, and is the number to add to those of other activities.

    Returns:
        A row per datapoint: `standard, datapoint, label, unit, note` and numbers, which are null where the statement
        cannot say them.
    """
    own, bought = _of_scope(statement, SCOPE_2), _of_scope(statement, CATEGORY_1)
    intensities = {row["quantity"]: row for row in capacity.iter_rows(named=True)}
    types = dict.fromkeys(("standard", "datapoint", "label", "unit"), pl.String)
    types |= dict.fromkeys(SUMMARY, pl.Float64) | {"note": pl.String}
    return pl.DataFrame([*_esrs(own, bought), *_gri(own, bought, intensities)], types, orient="row")


Numbers = Mapping[str, float | None]  # P5, P50, P95 and mean of one quantity
NOT_KNOWN: Numbers = dict.fromkeys(SUMMARY)


def _of_scope(statement: pl.DataFrame, scope: str) -> dict[str, Numbers]:
    """Quantities of a scope; 0 where the usage has none in it."""
    rows = statement.filter(pl.col("breakdown") == "scope", pl.col("scope") == scope).to_dicts()
    names = ("energy_kwh", LOCATION, MARKET, EMBODIED, "water_onsite_m3")
    return {name: {q: rows[0][f"{name}_{q}"] if rows else 0.0 for q in SUMMARY} for name in names}


def _row(standard: str, datapoint: str, label: str, unit: str, of: Numbers, size: float = 1, note: str = "") -> tuple:
    numbers = [None if of[q] is None else of[q] / size for q in SUMMARY]
    return standard, datapoint, label, unit, *numbers, note


def _added(*parts: Numbers) -> Numbers:
    """Sum of quantities, of which only the mean adds up."""
    means = [part["mean"] for part in parts]
    return NOT_KNOWN | {"mean": None if None in means else sum(means)}


def _esrs(own: Mapping[str, Numbers], bought: Mapping[str, Numbers]) -> Iterator[tuple]:
    """Datapoints of ESRS E1 as numbered in Delegated Regulation (EU) 2023/2772."""
    t, mwh = "t CO2e", "MWh"
    no_mix = "not in a usage file: from the disclosure of the supplier of electricity"
    yield _row(ESRS, "E1-5, 37", "Total energy consumption of own operations", mwh, own["energy_kwh"], KWH_PER_MWH)
    for letter, label in (("a", "fossil"), ("b", "nuclear"), ("c", "renewable")):
        yield _row(ESRS, f"E1-5, 37 ({letter})", f"of which from {label} sources", mwh, NOT_KNOWN, note=no_mix)
    yield _row(ESRS, "E1-6, 49 (a)", "Gross Scope 2, location-based", t, own[LOCATION], KG_PER_T)
    yield _row(ESRS, "E1-6, 49 (b)", "Gross Scope 2, market-based", t, own[MARKET], KG_PER_T)
    yield _row(
        ESRS,
        "E1-6, 51",
        "Scope 3, category 1 (purchased goods and services)",
        t,
        _added(bought[LOCATION], bought[EMBODIED]),
        KG_PER_T,
        "electricity at the average of the grid, and making of the servers",
    )
    yield _row(
        ESRS,
        "E1-6, 51",
        "Scope 3, category 2 or 8, making of the servers used",
        t,
        own[EMBODIED],
        KG_PER_T,
        "by share of the lifetime; category 2 counts a server whole in the year of its purchase",
    )
    yield _row(
        ESRS,
        "E1-6, AR 46 (g)",
        "Share of Scope 3 from primary data",
        "%",
        dict.fromkeys(SUMMARY, 0.0),
        note="all is estimated",
    )
    yield _row(
        ESRS, "E3-4, 28 (a)", "Water consumption of own operations", "m3", own["water_onsite_m3"], note="cooling"
    )


def _gri(
    own: Mapping[str, Numbers], bought: Mapping[str, Numbers], intensities: Mapping[str, Numbers]
) -> Iterator[tuple]:
    t = "t CO2e"
    within, outside = (
        {q: None if value is None else gj(kwh=value) for q, value in of["energy_kwh"].items()} for of in (own, bought)
    )
    yield _row(GRI, "302-1 c", "Electricity consumption within the organisation", "GJ", within)
    yield _row(GRI, "302-2 a", "Energy consumption outside of the organisation", "GJ", outside, note="bought tokens")
    if of := intensities.get("energy_per_request"):
        yield _row(GRI, "302-3 a", "Energy intensity", "Wh per request", of, note="within and outside")
    yield _row(GRI, "305-2 a", "Gross location-based Scope 2", t, own[LOCATION], KG_PER_T)
    yield _row(GRI, "305-2 b", "Gross market-based Scope 2", t, own[MARKET], KG_PER_T)
    scope_3 = _added(bought[LOCATION], bought[EMBODIED], own[EMBODIED])
    yield _row(
        GRI,
        "305-3 a",
        "Gross other indirect (Scope 3)",
        t,
        scope_3,
        KG_PER_T,
        "bought tokens, and making of the servers used",
    )
    if of := intensities.get("sci_per_request"):
        yield _row(
            GRI, "305-4 a", "Emissions intensity", "gCO2e per request", of, note="Scopes 2 and 3, location-based"
        )
    yield _row(GRI, "303-5 a", "Water consumption", "m3", own["water_onsite_m3"], note="cooling of own operations")


def costs(statement: pl.DataFrame, kinds: pl.DataFrame, usage: dict, supplies: Mapping[str, str]) -> pl.DataFrame:
    """Cost of every log and bill next to its requests, energy and emissions, in every currency by itself.

    It is what the usage file states, otherwise what the files state for the rows that are estimated.
    """
    given = usage.get("costs", {"currency": "", "amounts": {}})
    stated = [(source, given["currency"], float(amount)) for source, amount in given["amounts"].items()]
    of_files = kinds.filter(pl.col("cost").is_not_null() & pl.col("kind").is_in(ESTIMATED))
    of_files = of_files.filter(~pl.col("source").is_in(list(given["amounts"])))
    stated += of_files.group_by("source", "currency", maintain_order=True).agg(pl.col("cost").sum()).rows()
    found = {row["source"]: row for row in statement.filter(pl.col("breakdown") == "source").to_dicts()}
    rows = [
        {
            "source": source,
            "supply": supplies[source],
            "cost": cost,
            "currency": currency,
            "requests": found[source]["requests"],
            "energy_kwh_mean": found[source]["energy_kwh_mean"],
            "emissions_location_kgco2e_mean": found[source][f"{LOCATION}_mean"],
        }
        for source, currency, cost in sorted(stated)
        if source in found
    ]
    numbers = ("cost", "requests", "energy_kwh_mean", "emissions_location_kgco2e_mean")
    types = dict.fromkeys(("source", "supply"), pl.String) | {"cost": pl.Float64, "currency": pl.String}
    return pl.DataFrame(rows, types | dict.fromkeys(numbers, pl.Float64))
