"""Text of a statement of usage: totals, breakdowns, method, factors, quality of the data, and exclusions."""

from collections.abc import Callable, Mapping
from operator import itemgetter

import polars as pl

from inference_energy.statement import audit
from inference_energy.statement.cells import Table, text_table
from inference_energy.statement.coefficients import QUANTITIES
from inference_energy.statement.model_names import BY_DEFAULT, LEFT_OUT, NOT_ESTIMATED
from inference_energy.statement.supplied import SUPPLIES
from inference_energy.statement.tables import BREAKDOWNS, KIND_LABELS
from inference_energy.statement.wording import STATISTIC, TOTAL, count, interval, number, quantity, scale, share

ROWS_SHOWN = 20
NOT_INCLUDED = (
    "Training and fine-tuning of the models.",
    "The user's device and the wide-area network.",
    "Making and end of life of racks, switches, cooling and buildings, and end of life of servers.",
    "Requests that the logs do not have, such as failed ones and tests, and what an application does around a request.",
    "Capacity that is idle because more machines are kept than the study's day needs.",
    "Refrigerants and backup generators of the building (Scope 1 of its operator).",
)
HOURS = "Hours of the day: the grid's factor is a yearly average, and so is the PUE."
HOURS_OF_PUE = "Hours of the day of the PUE, which is a yearly average."
BY_BOUNDARY = {
    "gpu_boards": ("Hosts, fans and network of the nodes, cooling, network and storage around them.",),
    "node": ("Cooling and losses of the building; network and storage around the nodes.",),
    "datacenter": ("Network, storage and other overheads of the fleet around the serving nodes.",),
    "fleet": (),
}
OF_LOGS = ("average_power", "peak_power", "nodes_at_peak")  # quantities that bills do not have
# Breakdowns in the order of the page.
SHOWN = ("model", "month", "supply", "month and model", "tenant", "region")
ENERGY, LOCATION, MARKET, WATER = "energy_kwh", "emissions_location_kgco2e", "emissions_market_kgco2e", "water_m3"
EMBODIED, ONSITE, OFFSITE = "embodied_kgco2e", "water_onsite_m3", "water_offsite_m3"


def content(
    tables: Mapping[str, pl.DataFrame],
    *,
    usage: dict,
    study: dict,
    version: str,
    draws: int,
    seed: int,
) -> dict[str, object]:
    """Content of a page about a usage, as text.

    Args:
        tables: of `statement.tables.TABLES`, by name.
        usage: a usage file's content.
        study: the resolved study.
        version: of the pipeline.
        draws: of the shared uncertainty.
        seed: of all streams.
    """
    statement = tables["statement"]
    total = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)
    hourly = tables["factors"]["carbon_hours"].is_not_null().all()
    left_out = not_included(usage["boundary"], hourly=hourly)
    return {
        "title": usage["title"],
        "statistic": STATISTIC,
        "organisation": usage.get("organisation", audit.NOT_STATED),
        "period": audit.period(statement),
        "boundary": usage["boundary"],
        "within": audit.WITHIN[usage["boundary"]],
        "figures": headline(total, tables["capacity"], usage, billed=audit.share_of(tables["quality"], "billed")),
        "answers": audit.answers(tables, usage=usage, study=study, version=version, draws=draws),
        "inventory": audit.inventory(tables["inventory"]),
        "treatments": audit.treatments(tables["inventory"]),
        "intensity": audit.intensity(tables["capacity"], total),
        "disclosures": audit.disclosures(tables["disclosures"]),
        "costs": audit.costs(tables["costs"], usage),
        "breakdowns": breakdowns(statement),
        "method": method(usage, study, version, draws, seed),
        "factors": factors(tables["factors"]),
        "servers": servers(tables["servers"], usage),
        "factor_sources": [*factor_sources(tables["factors"]), *server_sources(tables["servers"])],
        "served": served(tables["served"]),
        "evidence": evidence(tables["evidence"], tables["names"]),
        "quality": quality(tables["quality"]),
        "names": names(tables["names"]),
        "kinds": kinds(tables["kinds"]),
        "assumptions": usage.get("assumptions", []),
        "files": files(tables["files"]),
        "not_included": left_out,
    }


def not_included(boundary: str, *, hourly: bool = False) -> list[str]:
    """What lies outside a boundary, a sentence each; `hourly` if all emissions follow the hours of the grid."""
    return [*BY_BOUNDARY[boundary], *NOT_INCLUDED, HOURS_OF_PUE if hourly else HOURS]


def headline(total: dict, capacity: pl.DataFrame, usage: dict, *, billed: float = 0.0) -> list[tuple[str, str]]:
    """The few numbers that a statement has first: label and text.

    `billed` is the share of tokens from bills. Power and nodes are those of the logs: they are left out where the logs
    are the smaller part.
    """
    found = [
        ("Energy", quantity(total, ENERGY, "kWh")),
        ("Emissions of electricity, location-based", quantity(total, LOCATION, "kg CO2e")),
        ("Emissions of electricity, market-based", quantity(total, MARKET, "kg CO2e")),
        ("Emissions of making the servers", quantity(total, EMBODIED, "kg CO2e")),
        ("Water on site", quantity(total, ONSITE, "m3")),
        ("Water of power plants", quantity(total, OFFSITE, "m3")),
        ("Requests", count(total["requests"])),
        ("Tokens, prompts and answers", f"{count(total['input_tokens'])} and {count(total['output_tokens'])}"),
    ]
    labels = {
        "energy_per_request": "Energy per request",
        "energy_per_1000_output_tokens": "Energy per 1,000 answer tokens",
        "sci_per_request": "SCI per request, making of servers included",
        "average_power": "Average power of the logs",
        "peak_power": f"Peak power of the logs, mean of {usage['step_minutes']} minutes",
        "nodes_at_peak": f"Nodes for the peak, busy at most {share(usage['peak_load'])} of the time",
    }
    if billed > 0.5:
        labels = {name: label for name, label in labels.items() if name not in OF_LOGS}
    by_name = {row["quantity"]: row for row in capacity.iter_rows(named=True)}
    return found + [
        (label, interval(by_name[name], by_name[name]["unit"])) for name, label in labels.items() if name in by_name
    ]


def breakdowns(statement: pl.DataFrame) -> list[Table]:
    """Energy and emissions by model, month, tenant and region; tables of one row are left out."""
    kwh = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)["energy_kwh_mean"]
    found = []
    for name in SHOWN:
        keys = BREAKDOWNS[name]
        rows = statement.filter(pl.col("breakdown") == name)
        if any(rows[key].n_unique() < 2 for key in keys) and name != "model":
            continue
        # Months are in order of time; other rows begin with the largest.
        order = [pl.col("month")] if "month" in keys else []
        rows = rows.sort(*order, -pl.col("energy_kwh_mean"), *keys)
        note = f"The first {ROWS_SHOWN} of {len(rows)}; all are in `statement.csv`." if len(rows) > ROWS_SHOWN else ""
        cells = {
            **{key.capitalize(): _named(key) for key in keys},
            "Requests": lambda row: count(row["requests"]),
            "Tokens": lambda row: count(row["input_tokens"] + row["output_tokens"]),
            **_in_one_unit("Energy", rows, ENERGY),
            "Share of it": lambda row: share(row["energy_kwh_mean"] / kwh) if kwh else "-",
            **_in_one_unit("Location-based", rows, LOCATION),
            **_in_one_unit("Market-based", rows, MARKET),
        }
        found.append(text_table(f"By {name}", rows.head(ROWS_SHOWN), cells, len(keys), note))
    return found


def _named(key: str) -> Callable[[dict], str]:
    if key == "supply":
        return lambda row: SUPPLIES[row["supply"]].words
    return itemgetter(key)


def _in_one_unit(head: str, rows: pl.DataFrame, name: str) -> dict[str, Callable[[dict], str]]:
    """A column of expected values with their intervals, in the unit that fits the largest of them."""
    size, unit = scale(rows[f"{name}_mean"].max(), QUANTITIES[name])

    def cell(row: dict) -> str:
        return "{} ({}–{})".format(*(number(row[f"{name}_{q}"] / size, TOTAL) for q in ("mean", "p05", "p95")))

    return {f"{head}, {unit}": cell}


def method(usage: dict, study: dict, version: str, draws: int, seed: int) -> list[tuple[str, str]]:
    """Data needed to reproduce a number: version, study with its checksum, draws."""
    boundary = usage["boundary"]
    formula = (
        "GPU time of a request: a L_in (1 - cached) + b L_out + c L_out (L_in + L_out / 2). It is linear in five sums"
        " over requests, which are whole numbers and exact. The serving model gives a, b and c where the model serves"
        " requests of these mean lengths at the speed of the study. Energy: GPU time × power × PUE, idle time of the"
        " study's day included."
    )
    intervals = (
        "Expected value and P5–P95 of the uncertainty that all requests share (speed, GPUs, parameters of the serving"
        f" model, hours of the day, PUE, mix of a class), {draws:,} draws with seed {seed}. It does not shrink with"
        " more requests. Expected values of parts add up to that of the total; ends of intervals do not. Totals have"
        " two digits, rows for other ledgers three; `statement.csv` has all digits, and medians."
    )
    return [
        (
            "Method",
            f"inference-energy {version}, study `{usage['study']}`: {study['title']}"
            f" (checksum {audit.checksum(study)})",
        ),
        ("Usage file", f"checksum {audit.checksum(usage)}"),
        ("Boundary", f"`{boundary}`: {audit.WITHIN[boundary]}"),
        ("Formula", formula),
        ("Intervals", intervals),
        (
            "Making of servers, formula",
            "Busy time of a node × making of the node / (lifetime × utilisation), with ranges by GPU from"
            " resources/embodied_servers.csv, which names the source of each.",
        ),
        ("Time", "Months and steps are in UTC. A peak is the largest mean power of a step."),
    ]


def factors(table: pl.DataFrame) -> Table:
    """Factors of every region."""

    def known(column: str, otherwise: str) -> Callable[[dict], str]:
        return lambda row: otherwise if row[column] is None else number(row[column])

    cells = {
        "Region": itemgetter("region"),
        "Grid zone": itemgetter("grid_zone"),
        "Location-based, gCO2e/kWh": known("location_gco2e_per_kwh", "-"),
        "Market-based, gCO2e/kWh": known("market_gco2e_per_kwh", "-"),
        "Water off site, L/kWh": known("offsite_water_l_per_kwh", "-"),
        "PUE": known("pue", "the study's"),
        "Share of energy": lambda row: share(row["energy_share"]),
    }
    note = "Life-cycle factors hold Scope 2 and the upstream part of electricity (Scope 3, category 3) together."
    return text_table("Factors of electricity", table, cells, 2, note)


def factor_sources(table: pl.DataFrame) -> list[str]:
    """Sources of the factors, a sentence for each that differs."""
    found = []
    for row in table.iter_rows(named=True):
        zone = row["grid_zone"]
        hours = f", by the hour from {row['carbon_hours']}" if row["carbon_hours"] else ""
        found.append(f"{zone}, location-based ({row['location_basis']}){hours} and water: {row['location_source']}")
        if row["market_source"] is None:
            found.append(f"{zone}, market-based: the grid's average, as no contract or residual mix is given")
        else:
            found.append(f"Region {row['region']}, market-based: {row['market_source']}")
        if row["pue"] is not None:
            found.append(f"Region {row['region']}, PUE: {row['pue_source']}")
    return list(dict.fromkeys(found))


def servers(table: pl.DataFrame, usage: dict) -> Table:
    """Making of the servers that serve, and how long they are used."""

    def between(name: str) -> Callable[[dict], str]:
        return lambda row: f"{number(row[f'{name}_p05'])}–{number(row[f'{name}_p95'])}"

    cells = {
        "GPU": itemgetter("gpu"),
        "Basis": itemgetter("basis"),
        "One GPU, kg CO2e": between("gpu_kgco2e"),
        "Rest of a node, kg CO2e": between("host_kgco2e_per_node"),
        "Lifetime, years": between("lifetime_years"),
    }
    note = (
        "P5–P95. Derived: from a GPU with a published footprint, by memory. The utilisation is that of the study's day."
    )
    if given := usage.get("servers"):
        stated = {"lifetime_years": "lifetime {:g} years", "utilisation": "utilisation {:g}"}
        words = " and ".join(form.format(given[name]) for name, form in stated.items() if name in given)
        note = f"P5–P95. In place of the table's and the study's: {words} ({given['source']})."
    return text_table("Making of servers", table, cells, 2, note)


def server_sources(table: pl.DataFrame) -> list[str]:
    """Sources of the making of servers, a sentence for each GPU, and those of lifetimes."""
    found = [f"Making of {row['gpu']}: {row['source']}" for row in table.iter_rows(named=True)]
    return [*found, *(f"Lifetime of servers: {source}" for source in table["lifetime_source"].unique().sort())]


def served(table: pl.DataFrame) -> Table:
    """Where the models serve their requests."""
    cells = {
        "Model or class": itemgetter("subject"),
        "Mean prompt, tokens": lambda row: number(row["input_tokens_mean"]),
        "Mean answer, tokens": lambda row: number(row["output_tokens_mean"]),
        "Running requests of a replica": lambda row: number(row["batch_p50"]),
        "GPUs of a replica": lambda row: count(row["replica_gpus_p50"]),
        "Models and GPUs that reach the speed": lambda row: share(row["served_share"]),
    }
    note = "Medians, in the busiest hour. Other models and GPUs of the study are too slow, or too small for the model."
    return text_table("Where the models run", table, cells, note=note)


def evidence(table: pl.DataFrame, known: pl.DataFrame) -> Table:
    """Share of tokens by the quality of the evidence behind their speed."""
    unknown = known.filter(pl.col("treatment").is_in([BY_DEFAULT, LEFT_OUT, NOT_ESTIMATED]))
    of_tokens = share(unknown["token_share"].sum())
    note = f"Names that are not known: {len(unknown)}, {of_tokens} of tokens." if len(unknown) else ""
    cells = {"Evidence": itemgetter("meaning"), "Share of tokens": lambda row: share(row["token_share"])}
    return text_table("Evidence behind the speed", table, cells, note=note)


def quality(table: pl.DataFrame) -> Table:
    """Further limits of the data."""
    cells = {
        "Part of the data": lambda row: row["meaning"][0].upper() + row["meaning"][1:],
        "Share": lambda row: share(row["share"]),
    }
    return text_table("Limits of the data", table, cells)


def names(table: pl.DataFrame) -> Table:
    """How names of models were understood."""
    note = f"The first {ROWS_SHOWN} of {len(table)}; all are in the workbook." if len(table) > ROWS_SHOWN else ""
    cells = {
        "Name": itemgetter("name"),
        "Taken as": lambda row: row["subject"] or "-",
        "Understood as": itemgetter("treatment"),
        "Share of tokens": lambda row: share(row["token_share"]),
    }
    return text_table("Names of models", table.head(ROWS_SHOWN), cells, 3, note)


def _listed(others: pl.DataFrame) -> str:
    named = [f"{file} ({reason})" for file, reason in others.select("file", "not_read").head(ROWS_SHOWN).iter_rows()]
    return ", ".join(named) + (" and others in the workbook" if len(others) > ROWS_SHOWN else "")


def kinds(table: pl.DataFrame) -> Table:
    """What the rows of the files were, and what of them is not estimated."""
    order = {kind: place for place, kind in enumerate(KIND_LABELS)}
    sums = table.group_by("kind").agg(
        pl.col("rows", "input_tokens", "output_tokens").sum(), pl.col("rows").null_count().alias("unknown")
    )
    sums = sums.sort(pl.col("kind").replace_strict(order))
    cells = {
        "Rows": lambda row: KIND_LABELS[row["kind"]][0].upper() + KIND_LABELS[row["kind"]][1:],
        "Number": lambda row: count(row["rows"]) + (" and those not stated" if row["unknown"] else ""),
        "Prompt tokens": lambda row: count(row["input_tokens"]),
        "Answer tokens": lambda row: count(row["output_tokens"]),
    }
    return text_table(
        "What the rows were", sums, cells, note="Of bills the number of requests, which some do not state."
    )


def files(table: pl.DataFrame) -> Table:
    """Files that were read."""
    others = table.filter(pl.col("not_read").is_not_null())
    table = table.filter(pl.col("not_read").is_null())
    empty = table.filter(pl.col("rows") == 0)
    rows, left_out = (int(table[name].sum() or 0) for name in ("rows", "rows_left_out"))
    note = f"{len(table)} files, {rows:,} rows, {left_out:,} left out."
    note += f" {len(empty)} hold no rows." if len(empty) else ""
    note += f" {len(others)} beside them were not read: {_listed(others)}." if len(others) else ""
    note += f" The first {ROWS_SHOWN} are shown; all are in the workbook." if len(table) > ROWS_SHOWN else ""
    cells = {
        "File": lambda row: row["file"].rsplit("/", 1)[-1],
        "SHA-256": itemgetter("sha256"),
        "Rows": lambda row: count(row["rows"]),
        "Period, UTC": _days,
        "Left out": lambda row: count(row["rows_left_out"]),
    }
    return text_table("Files of requests and bills", table.head(ROWS_SHOWN), cells, 2, note)


def _days(row: dict) -> str:
    if row["first_day"] is None:
        return "-"
    return row["first_day"] if row["first_day"] == row["last_day"] else f"{row['first_day']} to {row['last_day']}"
