"""Answers that an auditor looks for first, the inventory by scope, and rows for other reports."""

import hashlib
import json
from collections.abc import Mapping
from operator import itemgetter

import polars as pl

from inference_energy.common.conversions import G_PER_KG
from inference_energy.statement.cells import Table, text_table
from inference_energy.statement.grades import NONE, OWN_RUNS
from inference_energy.statement.model_names import BY_DEFAULT, CLASS
from inference_energy.statement.supplied import SCOPE_2, SUPPLIES
from inference_energy.statement.tables import KIND_LABELS
from inference_energy.statement.wording import LEDGER, STATISTIC, TOTAL, count, interval, number, quantity, scale, share

WITHIN = {
    "gpu_boards": "the boards of the GPUs alone",
    "node": "the whole server at the wall, cooling of the building left out",
    "datacenter": "the whole server times the PUE of its datacenter",
    "fleet": "the datacenter, with network, storage and the other overheads of a fleet",
}
MOST_FACTORS = 4  # regions named in an answer
ENERGY, LOCATION = "energy_kwh", "emissions_location_kgco2e"
MARKET, EMBODIED = "emissions_market_kgco2e", "embodied_kgco2e"
NOT_STATED = "not stated in the usage file (key `organisation`)"


def checksum(content_: dict) -> str:
    """The first twelve digits of the SHA-256 of some entries."""
    text = json.dumps(content_, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def period(statement: pl.DataFrame) -> str:
    """The months of a statement, in UTC."""
    months = statement.filter(pl.col("breakdown") == "month")["month"].sort()
    first, last = months[0], months[-1]
    return first if first == last else f"{first} to {last}"


def answers(
    tables: Mapping[str, pl.DataFrame], *, usage: dict, study: dict, version: str, draws: int
) -> list[tuple[str, str]]:
    """What a reader who knows nothing else asks first: question and answer."""
    statement = tables["statement"]
    total = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)
    return [
        ("Who reports?", usage.get("organisation", NOT_STATED)),
        ("On what?", f"{usage['title']}: {count(total['requests'])} requests to language models"),
        ("Which period?", f"{period(statement)}, months in UTC. {_days(tables, usage)}"),
        ("How much energy?", f"{quantity(total, ENERGY, 'kWh')}: {STATISTIC}"),
        ("Which emissions?", _emissions(statement)),
        (
            "Which boundary?",
            f"Operational control. Energy is counted for {WITHIN[usage['boundary']]} (`{usage['boundary']}`).",
        ),
        (
            "Which method?",
            f"inference-energy {version}, study `{usage['study']}` (checksum {checksum(study)}): GPU time per token"
            " predicted by a serving model that is fitted to benchmarks, times power, times PUE. Emissions by the GHG"
            " Protocol, intensity by ISO/IEC 21031:2024.",
        ),
        ("Which factors?", f"{_factors_in_words(tables['factors'])}{_pue_in_words(tables['drivers'])}"),
        ("How sure?", _certainty(tables, total, draws)),
        ("What is missing?", _missing(tables, usage)),
    ]


def _days(tables: Mapping[str, pl.DataFrame], usage: dict) -> str:
    steps = tables["steps"]["step_start_utc"]
    billed = share_of(tables["quality"], "billed")
    days = tables["files"].filter(pl.col("source").is_in(list(usage.get("bills", {}))), pl.col("rows") > 0)
    last = max(days["last_day"], key=lambda day: day if len(day) > len("2026-01") else f"{day}-31", default="")
    covered = f"cover {days['first_day'].min()} to {last}"
    if steps.is_empty():
        return f"All of it is from bills, which {covered}."
    logged = f"Logs cover {steps.min()[:16].replace('T', ' ')} to {steps.max()[:16].replace('T', ' ')} UTC"
    return f"{logged}; bills {covered} and have {share(billed)} of tokens." if billed else f"{logged}."


def share_of(quality: pl.DataFrame, aspect: str) -> float:
    """One share of table `quality`."""
    return quality.row(by_predicate=pl.col("aspect") == aspect, named=True)["share"]


def _emissions(statement: pl.DataFrame) -> str:
    """Emissions of every scope; making of servers is told apart."""
    lines = []
    for row in statement.filter(pl.col("breakdown") == "scope").sort("scope").to_dicts():
        location, market, making = (quantity(row, name, "kg CO2e") for name in (LOCATION, MARKET, EMBODIED))
        if row["scope"] == SCOPE_2:
            lines.append(f"Scope 2: {location} location-based, {market} market-based")
            lines.append(f"Scope 3, making of the servers used (category 2 or 8): {making}")
        else:
            lines.append(f"Scope 3, category 1 (purchased): {location} of electricity, {making} of making servers")
    return "; ".join(lines)


def _kg(row: dict) -> str:
    return quantity(row, "kgco2e", "kg CO2e", LEDGER)


def _factors_in_words(table: pl.DataFrame) -> str:
    lines = []
    for row in table.sort("energy_share", "region", descending=[True, False]).iter_rows(named=True):
        region = "no region named" if row["region"] == NONE else row["region"]
        market = "no contract or residual mix given" if row["market_source"] is None else row["market_source"]
        hours = " by the hour" if row["carbon_hours"] else ""
        lines.append(
            f"{region} ({share(row['energy_share'])} of energy): {row['grid_zone']},"
            f" {number(row['location_gco2e_per_kwh'])} gCO2e/kWh{hours} ({row['location_basis']}); market-based"
            f" {number(row['market_gco2e_per_kwh'])} ({market})"
        )
    more = f"; and {len(lines) - MOST_FACTORS} more" if len(lines) > MOST_FACTORS else ""
    return "; ".join(lines[:MOST_FACTORS]) + more


def _pue_in_words(drivers: pl.DataFrame) -> str:
    """The PUE of all energy; nothing where the boundary has none."""
    it = (drivers["energy_kwh_mean"] / drivers["pue"]).sum()
    pue = drivers["energy_kwh_mean"].sum() / it if it else 1.0
    return f"; PUE {number(pue)}, mean over the energy" if pue > 1 else ""


def _certainty(tables: Mapping[str, pl.DataFrame], total: dict, draws: int) -> str:
    expected = total[f"{ENERGY}_mean"]
    low, high = (number(total[f"{ENERGY}_{q}"] / expected if expected else 1.0, TOTAL) for q in ("p05", "p95"))
    grades = dict(tables["evidence"].select("grade", "token_share").iter_rows())
    measured = share(grades.get(OWN_RUNS, 0.0))
    of_classes = grades.get(CLASS, 0.0) + grades.get(BY_DEFAULT, 0.0)
    other = "; the interval does not include that they may be of another class" if of_classes > 0 else ""
    return (
        f"With 90 % probability the energy is between {low} and {high} times the expected value, by {draws:,}"
        " draws of what is uncertain for all requests alike. The speed of the model on the GPU is measured for"
        f" {measured} of tokens; {share(of_classes)} rest on the mean of a class of models{other}. No meter of this"
        " service is part of it: all energy is estimated."
    )


def _missing(tables: Mapping[str, pl.DataFrame], usage: dict) -> str:
    told = {
        "left_out_rows": "of rows of logs are left out for a fault",
        "left_out_tokens": "of tokens are left out, as their model is not known",
        "hourly_gap": "of tokens are at hours that the file of carbon intensity does not cover",
        "supply_assumed": "of tokens are taken to be bought, as the usage file states no supply",
        "cache_not_said": "of tokens do not say what was in the cache",
        "overlap": "of tokens at most may be counted twice, in a bill and in a log or another bill",
        "default_region": "of energy is in regions without an entry of their own",
    }
    shares = dict(tables["quality"].select("aspect", "share").iter_rows())
    lines = [f"{share(shares[aspect])} {words}" for aspect, words in told.items() if shares[aspect] > 0]
    unknown = tables["kinds"].filter(pl.col("kind").is_in(["request", "batch"]), pl.col("rows").is_null())
    if of := sorted(unknown["source"].unique()):
        lines.append(f"the number of requests is not stated in {', '.join(of)}, and follows from mean answers")
    lines += not_estimated(tables["kinds"])
    lines += ["the organisation is not named"] if "organisation" not in usage else []
    lines += ["no footprint of the servers is known"] if tables["inventory"]["kgco2e_p50"].null_count() else []
    outside = "Not included: training, networks, users' devices, buildings; the list is at the end."
    return (f"{'; '.join(lines)[:1].upper()}{'; '.join(lines)[1:]}. " if lines else "No row and no token. ") + outside


def not_estimated(kinds: pl.DataFrame) -> list[str]:
    """What files hold besides requests to language models, counted and not estimated."""
    rows = kinds.group_by("kind").agg(pl.col("rows").sum()).sort("kind")
    named = [(KIND_LABELS[kind].rpartition(", not estimated")[0], number) for kind, number in rows.iter_rows()]
    told = [f"{what} ({count(number)})" for what, number in named if what and number]
    return [f"counted and not estimated: {', '.join(told)}"] if told else []


def inventory(table: pl.DataFrame) -> Table:
    """Emissions by scope and category."""
    cells = {
        "Scope and category": itemgetter("scope"),
        "Supply": lambda row: SUPPLIES[row["supply"]].words,
        "Emissions of": itemgetter("emissions"),
        "Method": itemgetter("method"),
        f"Amount, {STATISTIC}": _kg,
    }
    note = (
        "By operational control. Location-based and market-based numbers are two accounts of the same electricity:"
        " report both, add neither. Amounts have three digits, so that rows can be added up in another ledger."
        " Life-cycle factors of the grid hold Scope 2 and Scope 3, category 3 (fuel- and"
        " energy-related activities) together."
    )
    return text_table("Greenhouse gas inventory", table, cells, 4, note)


def treatments(table: pl.DataFrame) -> list[tuple[str, str]]:
    """Why emissions belong to a scope, for every way of supply that occurs."""
    found = [
        (SUPPLIES[name].words.capitalize(), SUPPLIES[name].treatment)
        for name in table["supply"].unique(maintain_order=True)
    ]
    capital = (
        "A share of the making of the servers by the time in which they work for the requests, idle time of the study's"
        " day included. The GHG Protocol counts capital goods (category 2) whole in the year of their purchase: who"
        " buys servers reports them there, and uses this share for intensities."
    )
    return [*found, ("Making of servers", capital)]


def intensity(capacity: pl.DataFrame, total: dict) -> Table:
    """Energy and software carbon intensity per functional unit, with its parts."""
    labels = {
        "energy_per_request": "E, energy per request",
        "sci_operational_per_request": "E × I, electricity per request, location-based",
        "sci_embodied_per_request": "M, making of servers per request",
        "sci_per_request": "SCI, per request",
        "energy_per_1000_output_tokens": "Energy per 1,000 answer tokens",
        "sci_per_1000_output_tokens": "SCI, per 1,000 answer tokens",
    }
    rows = [
        row | {"label": labels[row["quantity"]]} for row in capacity.iter_rows(named=True) if row["quantity"] in labels
    ]
    rows.sort(key=lambda row: list(labels).index(row["quantity"]))
    cells = {"Quantity": itemgetter("label"), f"Amount, {STATISTIC}": lambda row: interval(row, row["unit"])}
    kwh = total[f"{ENERGY}_mean"]
    factor = total[f"{LOCATION}_mean"] / kwh * G_PER_KG if kwh else 0.0
    note = (
        f"SCI = ((E × I) + M) / R of ISO/IEC 21031:2024, with I = {number(factor)} gCO2e/kWh. The functional unit R is"
        " a request, or 1,000 answer tokens. The boundary is that of this statement. Market-based factors and offsets"
        " do not count."
    )
    return text_table("Software carbon intensity", pl.DataFrame(rows, infer_schema_length=None), cells, note=note)


def disclosures(table: pl.DataFrame) -> Table:
    """Datapoints of reporting standards."""
    cells = {
        "Datapoint": lambda row: f"{row['standard']} {row['datapoint']}",
        "What": itemgetter("label"),
        "Note": itemgetter("note"),
        "Unit": itemgetter("unit"),
        "Expected value": lambda row: "-" if row["mean"] is None else number(row["mean"]),
        "P5–P95": lambda row: "-" if row["p05"] is None else f"{number(row['p05'])}–{number(row['p95'])}",
    }
    note = (
        "What this usage adds to a row of the report; expected values add up over activities, and have three"
        " digits for it. ESRS as numbered in Delegated"
        " Regulation (EU) 2023/2772, GRI 302 and 305 of 2016, GRI 303 of 2018."
    )
    return text_table("Rows of ESRS and GRI tables", table, cells, 4, note)


def costs(table: pl.DataFrame, usage: dict) -> Table | None:
    """Cost next to energy and emissions; none where the usage file states none."""
    if table.is_empty():
        return None
    currencies = dict(table.group_by("source").len().iter_rows())

    def per(row: dict, text: str, of: str) -> str:
        # A part of the cost of a source is not the cost of all its requests and energy.
        return text if row[of] > 0 and currencies[row["source"]] == 1 else "-"

    cells = {
        "Log or bill": itemgetter("source"),
        "Cost": lambda row: f"{row['cost']:,.{2 if abs(row['cost']) >= 1 else 6}f} {row['currency']}",
        "Per 1,000 requests": lambda row: per(
            row, f"{number(row['cost'] / (row['requests'] or 1) * 1000)} {row['currency']}", "requests"
        ),
        "Energy, expected value": lambda row: "{} {}".format(*_scaled(row["energy_kwh_mean"], "kWh")),
        "Per 1,000 of the currency": lambda row: per(
            row,
            "{} {}".format(*_scaled(row["emissions_location_kgco2e_mean"] / (row["cost"] or 1) * 1000, "kg CO2e")),
            "cost",
        ),
    }
    given = usage.get("costs", {"amounts": {}})
    sources = [f"Source: {given['source']}."] if given["amounts"] else []
    if not set(table["source"]) <= given["amounts"].keys():
        sources.append(
            "Other costs are those that the files state for the rows that are estimated."
            if sources
            else "Source: the files, for the rows that are estimated."
        )
    return text_table("Cost", table, cells, note=" ".join(sources))


def _scaled(value: float, unit: str) -> tuple[str, str]:
    size, name = scale(value, unit)
    return number(value / size, TOTAL), name
