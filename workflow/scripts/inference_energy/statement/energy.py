"""Energy, emissions, water and power of a usage from its exact sums."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import numpy as np
import polars as pl

from inference_energy.common.conversions import KW_PER_MW, SECONDS_PER_HOUR, WH_PER_KWH
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
    heads = heads.with_row_index("row")
    summed = rows.group_by(*keys, "subject", "region_name", maintain_order=True).agg(features())
    if keys:
        summed = summed.join(heads.select("row", *keys), on=keys, nulls_equal=True)
    else:
        summed = summed.with_columns(row=pl.lit(0))
    pairs = summed.sort("row").group_by("subject", "region_name", maintain_order=True)
    parts = [
        (subject, region, part["row"].to_numpy(), part.select(FEATURES).to_numpy()) for (subject, region), part in pairs
    ]
    return heads.drop("row"), parts


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
    per_kwh = {region: of.per_kwh(region) for _, region, _, _ in parts}
    found: dict[str, list] = {name: [] for name in quantities}
    for count, pieces in _chunks(heads, parts):
        totals = {name: np.zeros((count, of.draws)) for name in quantities}
        unknown = {name: np.zeros(count, bool) for name in quantities}
        for subject, region, places, values in pieces:
            energy = values @ of.wh(subject, region) / WH_PER_KWH
            for name in quantities:
                factor = per_kwh[region][name]
                if factor is None:
                    unknown[name][places] = True
                else:
                    totals[name][places] += energy * factor
        for name, values in totals.items():
            found[name].append(np.where(unknown[name][:, None], np.nan, summaries(values)))
        advance(count)
    return heads.with_columns(_columns(found))


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


def per_request(of: UnitEnergy, rows: pl.DataFrame) -> pl.DataFrame:
    """Mean energy of a request and of a thousand answer tokens, to compare services."""
    total = np.zeros(of.draws)
    _, parts = _groups(rows, [])
    for subject, region, _, values in parts:
        total += (values @ of.wh(subject, region))[0]
    requests = float(rows["requests"].cast(pl.Float64).sum())
    answers = float(rows["output_tokens"].cast(pl.Float64).sum())
    found = [("energy_per_request", "Wh", total / requests)] if requests else []
    found += [("energy_per_1000_output_tokens", "Wh", total / answers * 1000)] if answers else []
    return _quantities(found)


def _quantities(found: Iterable[tuple[str, str, np.ndarray]]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"quantity": name, "unit": unit} | quantiles.of_draws(values, quantiles.PERCENTILES)
            for name, unit, values in found
        ],
        schema={"quantity": pl.String, "unit": pl.String} | dict.fromkeys(SUMMARY, pl.Float64),
    )
