"""Energy, emissions, water and power of a usage from its exact sums."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import numpy as np
import polars as pl

from inference_energy.common.conversions import G_PER_KG, KW_PER_MW, SECONDS_PER_HOUR, WH_PER_KWH
from inference_energy.common.formulas import Quantity, formula
from inference_energy.statement.coefficients import FEATURES, QUANTITIES, UnitEnergy, features
from inference_energy.statistics import quantiles

CHUNK_ROWS = 1000  # of energies at every draw: 16 MB of 2,000 draws
# Subject, region, positions of keys in their order, and the features of each.
Part = tuple[str, str | None, np.ndarray, np.ndarray]
COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")


def _groups(rows: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, list[Part]]:
    """Keys in order with counts; and per subject and region the positions of keys and their features."""
    known = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).cast(pl.Float64).alias(name)
        for name in COUNTS
    ]
    heads = rows.group_by(keys).agg(known).sort(keys, nulls_last=False) if keys else rows.select(known)
    return heads, _parts(rows, keys, heads.with_row_index("row"))


def _parts(rows: pl.DataFrame, keys: list[str], heads: pl.DataFrame) -> list[Part]:
    """Per subject and region the positions of keys, as `heads` counts them in `row`, and their features."""
    summed = rows.group_by(*dict.fromkeys([*keys, "subject", "region_name"]), maintain_order=True).agg(features())
    if keys:
        summed = summed.join(heads.select("row", *keys), on=keys, nulls_equal=True)
    else:
        summed = summed.with_columns(row=pl.lit(0))
    pairs = summed.sort("row").group_by("subject", "region_name", maintain_order=True)
    return [
        (subject, region, part["row"].to_numpy(), part.select(FEATURES).to_numpy()) for (subject, region), part in pairs
    ]


def _weighted(of: UnitEnergy, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of regions with a carbon intensity over time, as numbers times the gCO2e/kWh of their step."""
    keys = ["region_name", "month", "step_start_utc"]
    found = rows.join(of.hourly, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    sums = ("input_tokens", "cached_tokens", *FEATURES[2:])
    return found.with_columns(pl.col(name).cast(pl.Float64) * pl.col("gco2e_per_kwh") for name in sums)


def _chunks(heads: pl.DataFrame, parts: list[Part]) -> Iterator[tuple[int, list[Part]]]:
    """Keys a thousand at a time: how many, and the parts that fall on them, at positions counted from the first."""
    for start in range(0, len(heads), CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, len(heads))
        found = []
        for subject, region, places, values in parts:
            here = slice(*np.searchsorted(places, [start, stop]))
            if here.start < here.stop:
                found.append((subject, region, places[here] - start, values[here]))
        yield stop - start, found


def _emitted(of: UnitEnergy, part: Part) -> np.ndarray:
    """Emissions of features that are weighted with gCO2e/kWh, kg, shape (keys, draws)."""
    subject, region, _, values = part
    return values @ of.wh(subject, region) / WH_PER_KWH / G_PER_KG


def _amounts(of: UnitEnergy, part: Part, quantities: Collection[str]) -> Iterator[tuple[str, np.ndarray | None]]:
    """Quantities of a part at every draw, shape (keys, draws), but for those by the hour; none where not known."""
    subject, region, _, values = part
    energy = values @ of.wh(subject, region) / WH_PER_KWH
    per_kwh = of.per_kwh(region)
    for name in quantities:
        if of.follows_hours(name, region):
            continue
        if name == "embodied_kgco2e":
            making = of.embodied_kg[subject]
            yield name, None if making is None else values @ making
        else:
            factor = per_kwh[name]
            yield name, None if factor is None else energy * factor


def broken_down(
    of: UnitEnergy,
    rows: pl.DataFrame,
    keys: list[str],
    quantities: Collection[str] = tuple(QUANTITIES),
    advance: Callable[[int], None] = lambda rows: None,
) -> pl.DataFrame:
    """Quantities for every value of some keys: P5, P50, P95 and mean over the shared uncertainty.

    Args:
        of: the usage.
        rows: table of `labelled` sums.
        keys: columns to break down by; none for the total.
        quantities: some of `QUANTITIES`.
        advance: called with the number of further rows of the result that are done.

    Returns:
        Keys, `COUNTS`, and of every quantity four columns; one that is not known is null.
    """
    heads, parts = _groups(rows, keys)
    hourly = _hourly_parts(of, rows, keys, heads, quantities)
    found: dict[str, list] = {name: [] for name in quantities}
    for (count, pieces), (_, by_hour) in zip(_chunks(heads, parts), _chunks(heads, hourly), strict=True):
        totals = {name: np.zeros((count, of.draws)) for name in quantities}
        unknown = {name: np.zeros(count, bool) for name in quantities}
        for part in pieces:
            for name, amount in _amounts(of, part, quantities):
                if amount is None:
                    unknown[name][part[2]] = True
                else:
                    totals[name][part[2]] += amount
        for part in by_hour:
            emitted = _emitted(of, part)
            for name in quantities:
                if of.follows_hours(name, part[1]):
                    totals[name][part[2]] += emitted
        for name, values in totals.items():
            found[name].append(np.where(unknown[name][:, None], np.nan, summaries(values)))
        advance(count)
    return heads.with_columns(_columns(found))


def _hourly_parts(
    of: UnitEnergy, rows: pl.DataFrame, keys: list[str], heads: pl.DataFrame, quantities: Collection[str]
) -> list[Part]:
    """Parts of regions with a carbon intensity over time, weighted with it, at the positions of `heads`."""
    if of.hourly is None or not any(of.follows_hours(name, region) for name in quantities for region in of.regions):
        return []
    return _parts(_weighted(of, rows), keys, heads.with_row_index("row"))


SUMMARY = (*quantiles.PERCENTILES, "mean")


def _columns(found: Mapping[str, list[np.ndarray]]) -> Iterator[pl.Series]:
    """Columns of quantities from their `summaries`, those of one chunk of keys after another."""
    for name, chunks in found.items():
        values = np.concatenate([np.empty((0, len(SUMMARY))), *chunks])
        yield from (pl.Series(f"{name}_{q}", values[:, column]).fill_nan(None) for column, q in enumerate(SUMMARY))


def summaries(values: np.ndarray) -> np.ndarray:
    """P5, P50, P95 and mean of every row of draws, shape (rows, 4)."""
    found = np.quantile(values, list(quantiles.PERCENTILES.values()), axis=1)
    return np.column_stack([*found, values.mean(axis=1)])


def over_time(
    of: UnitEnergy, rows: pl.DataFrame, *, step_minutes: int, peak_load: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Power and busy nodes in every step of the logs, and the grid connection and fleet that they need.

    `rows` are labelled sums of logs; `peak_load` is the share of the time that nodes may be busy in the step with the
    most work.

    Returns:
        One row per step with requests: `step_start_utc, requests, power_kw_*, busy_nodes_*`; and one row per quantity:
        average and peak power, nodes for the peak. The peak is of the mean power in a step; power and nodes of every
        draw have a peak of their own.
    """
    heads, parts = _groups(rows, ["step_start_utc"])
    starts = heads["step_start_utc"].str.to_datetime()
    hours = step_minutes / 60
    power, nodes = [], []
    peak_mw, peak_nodes, energy_kwh = (np.zeros(of.draws) for _ in range(3))
    for count, pieces in _chunks(heads, parts):
        kw, busy = (np.zeros((count, of.draws)) for _ in range(2))
        for subject, region, places, values in pieces:
            kw[places] += values @ of.wh(subject, region) / (WH_PER_KWH * hours)
            busy[places] += values @ of.node_seconds[subject] / (SECONDS_PER_HOUR * hours)
        power.append(summaries(kw))
        nodes.append(summaries(busy))
        energy_kwh += kw.sum(axis=0) * hours
        peak_mw = np.maximum(peak_mw, kw.max(axis=0) / KW_PER_MW)
        peak_nodes = np.maximum(peak_nodes, busy.max(axis=0) / peak_load)
    steps = heads.select("step_start_utc", "requests")
    steps = steps.with_columns(_columns({"power_kw": power, "busy_nodes": nodes}))
    if heads.is_empty():  # bills alone, which have no times
        return steps, _quantities([])
    span = (starts.max() - starts.min()).total_seconds() / SECONDS_PER_HOUR + hours
    capacity = [
        ("average_power", "MW", energy_kwh / KW_PER_MW / span),
        ("peak_power", "MW", peak_mw),
        ("nodes_at_peak", "nodes", peak_nodes),
    ]
    return steps, _quantities(capacity)


@formula(unit="gCO2e per functional unit", source="ISO/IEC 21031:2024, Software Carbon Intensity: ((E x I) + M) per R")
def sci_gco2e(*, operational_kg: Quantity, embodied_kg: Quantity, functional_units: Quantity) -> Quantity:
    """Software carbon intensity: emissions of the electricity and of making the servers per functional unit.

    Args:
        operational_kg: energy times the location-based carbon intensity, E x I, kg CO2e.
        embodied_kg: share of the making of the servers, M, kg CO2e.
        functional_units: number of requests, or of thousands of answer tokens, R.
    """
    return (operational_kg + embodied_kg) * G_PER_KG / functional_units


def totals(of: UnitEnergy, rows: pl.DataFrame, quantities: Collection[str]) -> dict[str, np.ndarray | None]:
    """Quantities of all rows at every draw; none where one is not known for some of them."""
    found: dict[str, np.ndarray | None] = {name: np.zeros(of.draws) for name in quantities}

    def add(name: str, amount: np.ndarray | None) -> None:
        found[name] = None if amount is None or found[name] is None else found[name] + amount[0]

    heads, parts = _groups(rows, [])
    for part in parts:
        for name, amount in _amounts(of, part, quantities):
            add(name, amount)
    for part in _hourly_parts(of, rows, [], heads, quantities):
        for name in quantities:
            if of.follows_hours(name, part[1]):
                add(name, _emitted(of, part))
    return found


def per_request(of: UnitEnergy, rows: pl.DataFrame) -> pl.DataFrame:
    """Mean energy and software carbon intensity of a request and of a thousand answer tokens, to compare services.

    The two parts of the intensity are given for a request. Without a footprint of the servers there is no intensity.
    """
    names = ("energy_kwh", "emissions_location_kgco2e", "embodied_kgco2e")
    kwh, operational, making = totals(of, rows, names).values()
    requests, answers = (float(rows[name].cast(pl.Float64).sum()) for name in ("requests", "output_tokens"))
    units = {"request": requests, "1000_output_tokens": answers / 1000}
    found = [(f"energy_per_{unit}", "Wh", kwh * WH_PER_KWH / number) for unit, number in units.items() if number]
    if making is not None and requests:
        parts = {"operational": (operational, 0.0), "embodied": (0.0, making)}
        for part, (electricity, servers) in parts.items():
            value = sci_gco2e(operational_kg=electricity, embodied_kg=servers, functional_units=requests)
            found.append((f"sci_{part}_per_request", "gCO2e", value))
        found += [
            (
                f"sci_per_{unit}",
                "gCO2e",
                sci_gco2e(operational_kg=operational, embodied_kg=making, functional_units=number),
            )
            for unit, number in units.items()
            if number
        ]
    return _quantities(found)


def _quantities(found: Iterable[tuple[str, str, np.ndarray]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"quantity": name, "unit": unit} | quantiles.of_draws(values, quantiles.PERCENTILES)
            for name, unit, values in found
        ],
        schema={"quantity": pl.String, "unit": pl.String} | dict.fromkeys(SUMMARY, pl.Float64),
    )
