"""Rows that an accountant takes over: greenhouse gas inventory, disclosures, cost."""

from collections.abc import Iterator, Mapping

import polars as pl

from inference_energy.common.conversions import KG_PER_T, KWH_PER_MWH
from inference_energy.common.formulas import Quantity, formula
from inference_energy.statement.supplied import BOUGHT, SUPPLIES
from inference_energy.statistics.quantiles import PERCENTILES

SUMMARY = (*PERCENTILES, "mean")
LOCATION, MARKET, EMBODIED = "emissions_location_kgco2e", "emissions_market_kgco2e", "embodied_kgco2e"
ELECTRICITY, SERVERS = "electricity", "making of servers"
SHARE_OF_LIFETIME = "share of the lifetime"
# Name of a method by the scope of the electricity.
METHODS = {
    2: {LOCATION: "location-based", MARKET: "market-based"},
    3: {LOCATION: "average of the grid", MARKET: "provider's contracts, for information"},
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


ESRS, GRI = "ESRS E1", "GRI"


def disclosures(statement: pl.DataFrame, capacity: pl.DataFrame) -> pl.DataFrame:
    """What this usage adds to the rows of an ESRS E1 or GRI table.

    Medians of parts do not add up: the mean does, and is the number to add to those of other activities.

    Returns:
        A row per datapoint: `standard, datapoint, label, unit, note` and numbers, which are null where the statement
        cannot say them.
    """
    own, bought = _sums(statement, scope=2), _sums(statement, scope=3)
    per_request = next((row for row in capacity.iter_rows(named=True) if row["quantity"] == "energy_per_request"), None)
    sci = next((row for row in capacity.iter_rows(named=True) if row["quantity"] == "sci_per_request"), None)
    rows = [*_esrs(own, bought), *_gri(own, bought, per_request, sci)]
    types = dict.fromkeys(("standard", "datapoint", "label", "unit"), pl.String)
    types |= dict.fromkeys(SUMMARY, pl.Float64) | {"note": pl.String}
    return pl.DataFrame(rows, types, orient="row")


Sums = Mapping[str, Mapping[str, float | None]]  # quantity, then P5, P50, P95 and mean; the first three null for sums


def _sums(statement: pl.DataFrame, *, scope: int) -> Sums:
    """Quantities of the ways of supply whose electricity is in a scope, and of the making of their servers."""
    rows = [of for of in _by_supply(statement) if SUPPLIES[of["supply"]].scope == scope]
    found = {}
    for name in ("energy_kwh", LOCATION, MARKET, EMBODIED, "water_onsite_m3"):
        found[name] = {}
        for q in SUMMARY:
            values = [of[f"{name}_{q}"] for of in rows]
            # Of several ways of supply only means add up.
            alone = len(values) <= 1 or q == "mean"
            found[name][q] = sum(values) if alone and all(value is not None for value in values) else None
    return found


def _row(standard: str, datapoint: str, label: str, unit: str, of: Mapping, size: float, note: str = "") -> tuple:
    numbers = [None if of[q] is None else of[q] / size for q in SUMMARY]
    return standard, datapoint, label, unit, *numbers, note


NOT_KNOWN = dict.fromkeys(SUMMARY)


def _esrs(own: Sums, bought: Sums) -> Iterator[tuple]:
    """Datapoints of ESRS E1 as numbered in Delegated Regulation (EU) 2023/2772."""
    t, mwh = "t CO2e", "MWh"
    no_mix = "the mix of a contract is not part of a usage file; take it from the supplier's disclosure"
    yield _row(ESRS, "E1-5, 37", "Total energy consumption of own operations", mwh, own["energy_kwh"], KWH_PER_MWH)
    for letter, label in (("a", "fossil"), ("b", "nuclear"), ("c", "renewable")):
        yield _row(ESRS, f"E1-5, 37 ({letter})", f"of which {label} sources", mwh, NOT_KNOWN, 1, no_mix)
    yield _row(ESRS, "E1-6, 49 (a)", "Gross Scope 2, location-based", t, own[LOCATION], KG_PER_T)
    yield _row(ESRS, "E1-6, 49 (b)", "Gross Scope 2, market-based", t, own[MARKET], KG_PER_T)
    both = {q: None if bought[EMBODIED][q] is None else bought[LOCATION][q] + bought[EMBODIED][q] for q in ("mean",)}
    yield _row(
        ESRS,
        "E1-6, 51",
        "Scope 3, category 1 (purchased goods and services)",
        t,
        NOT_KNOWN | both,
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
        "a share of their lifetime; category 2 of the GHG Protocol counts a server whole in the year of its purchase",
    )
    share = dict.fromkeys(SUMMARY, 0.0)
    yield _row(
        ESRS, "E1-6, AR 46 (g)", "Share of Scope 3 from primary data of suppliers", "%", share, 1, "all of it is estimated"
    )
    yield _row(ESRS, "E3-4, 28 (a)", "Water consumption of own operations", "m3", own["water_onsite_m3"], 1, "cooling")


def _gri(own: Sums, bought: Sums, per_request: Mapping | None, sci: Mapping | None) -> Iterator[tuple]:
    t = "t CO2e"
    joules = {q: None if value is None else gj(kwh=value) for q, value in own["energy_kwh"].items()}
    outside = {q: None if value is None else gj(kwh=value) for q, value in bought["energy_kwh"].items()}
    yield _row(GRI, "302-1 c", "Electricity consumption within the organisation", "GJ", joules, 1)
    yield _row(GRI, "302-2 a", "Energy consumption outside of the organisation", "GJ", outside, 1, "bought tokens")
    if per_request is not None:
        yield _row(GRI, "302-3 a", "Energy intensity", "Wh per request", per_request, 1, "within and outside")
    yield _row(GRI, "305-2 a", "Gross location-based Scope 2", t, own[LOCATION], KG_PER_T)
    yield _row(GRI, "305-2 b", "Gross market-based Scope 2", t, own[MARKET], KG_PER_T)
    other = {q: _added(bought[LOCATION][q], bought[EMBODIED][q], own[EMBODIED][q]) for q in ("mean",)}
    yield _row(
        GRI,
        "305-3 a",
        "Gross other indirect (Scope 3)",
        t,
        NOT_KNOWN | other,
        KG_PER_T,
        "bought tokens, and making of the servers used",
    )
    if sci is not None:
        yield _row(GRI, "305-4 a", "Emissions intensity", "gCO2e per request", sci, 1, "Scopes 2 and 3, location-based")
    yield _row(GRI, "303-5 a", "Water consumption", "m3", own["water_onsite_m3"], 1, "cooling of own operations")


def _added(*values: float | None) -> float | None:
    return None if None in values else sum(values)


def costs(statement: pl.DataFrame, usage: dict, supplies: Mapping[str, str]) -> pl.DataFrame:
    """Cost of every log and bill that the usage file states it for, next to its requests, energy and emissions."""
    given = usage.get("costs", {"currency": "", "amounts": {}})
    rows = [
        {
            "source": of["source"],
            "supply": supplies[of["source"]],
            "cost": float(given["amounts"][of["source"]]),
            "currency": given["currency"],
            "requests": of["requests"],
            "energy_kwh_mean": of["energy_kwh_mean"],
            "emissions_location_kgco2e_mean": of[f"{LOCATION}_mean"],
        }
        for of in statement.filter(pl.col("breakdown") == "source").sort("source").to_dicts()
        if of["source"] in given["amounts"]
    ]
    numbers = ("cost", "requests", "energy_kwh_mean", "emissions_location_kgco2e_mean")
    types = dict.fromkeys(("source", "supply"), pl.String) | {"cost": pl.Float64, "currency": pl.String}
    return pl.DataFrame(rows, types | dict.fromkeys(numbers, pl.Float64))


def bought_alone(statement: pl.DataFrame) -> bool:
    """Whether all of a usage is bought."""
    return {of["supply"] for of in _by_supply(statement)} == {BOUGHT}
