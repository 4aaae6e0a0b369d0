"""Two statements compared: the difference of their mean energy and emissions, by cause.

Energy is a product of causes, so that what one of them makes depends on which others have changed already. Each cause
gets its mean contribution over all orders in which they may change (the Shapley value): the contributions do not depend
on an order, and add up to the difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import polars as pl

from inference_energy.common.conversions import G_PER_KG, WH_PER_KWH
from inference_energy.common.errors import InputError, one_of
from inference_energy.statement.coefficients import FEATURES
from inference_energy.statement.drivers import unit_names

VOLUME, MODEL, LENGTHS, GPU, SERVING, GRID, METHOD = "volume", "model", "lengths", "gpu", "serving", "grid", "method"
CAUSES = {
    VOLUME: "number of requests",
    MODEL: "which models answer them",
    LENGTHS: "tokens of prompts and answers, and how many are in the cache",
    GPU: "which GPUs serve a model",
    SERVING: "energy per token on a GPU: batch, speed and load",
    GRID: "where the electricity comes from: regions, PUE, carbon intensity",
    METHOD: "version of the method, or another study",
}
ENERGY, EMISSIONS = "energy_kwh", "emissions_location_kgco2e"
Key = tuple[str, str]  # subject and region


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One side of a comparison: what its energy follows from."""

    name: str  # for readers
    boundary: str  # what is metered
    method: str  # version and study with its checksum
    requests: Mapping[Key, float]  # requests by model and region
    lengths: Mapping[Key, np.ndarray]  # mean of every feature per request
    pue: Mapping[Key, float]  # energy of the building over that of the IT
    carbon: Mapping[Key, float]  # gCO2e/kWh
    gpus: Mapping[str, Mapping[str, float]]  # share of the requests by model and GPU
    unit_wh: Mapping[str, Mapping[str, np.ndarray]]  # energy of the IT per unit of every feature, Wh

    @classmethod
    def of(
        cls, drivers: pl.DataFrame, unit_energy: pl.DataFrame, *, name: str, about: Mapping[str, str], month: str | None
    ) -> "Usage":
        """From the tables of a statement, whole or one month of it.

        Raises:
            InputError: a month that the statement does not have.
        """
        rows = drivers if month is None else drivers.filter(pl.col("month") == month)
        if rows.is_empty():
            months = drivers["month"].unique().sort().to_list()
            raise InputError(f"{name}: found no month {month!r}; allowed: {one_of(months)}")
        sums = ["requests", *FEATURES, ENERGY + "_mean", EMISSIONS + "_mean"]
        weighted = (pl.col("energy_kwh_mean") / pl.col("pue")).sum()
        grouped = rows.group_by("subject", "region").agg(
            *(pl.col(each).sum() for each in sums),
            pue=pl.when(weighted > 0).then(pl.col("energy_kwh_mean").sum() / weighted).otherwise(pl.col("pue").first()),
            carbon=pl.when(pl.col("energy_kwh_mean").sum() > 0)
            .then(pl.col(EMISSIONS + "_mean").sum() / pl.col("energy_kwh_mean").sum() * G_PER_KG)
            .otherwise(pl.col("location_gco2e_per_kwh").first()),
        )
        keyed = {
            (row["subject"], row["region"]): row for row in grouped.sort("subject", "region").iter_rows(named=True)
        }
        served = unit_energy.sort("subject", "gpu").to_dicts()
        subjects = dict.fromkeys(row["subject"] for row in served)
        return cls(
            name=name,
            boundary=about["boundary"],
            method=about["method"],
            requests={key: row["requests"] for key, row in keyed.items()},
            lengths={
                key: np.array([row[each] for each in FEATURES]) / row["requests"] if row["requests"] else np.zeros(5)
                for key, row in keyed.items()
            },
            pue={key: row["pue"] for key, row in keyed.items()},
            carbon={key: row["carbon"] for key, row in keyed.items()},
            gpus={s: {row["gpu"]: row["request_share"] for row in served if row["subject"] == s} for s in subjects},
            unit_wh={
                s: {row["gpu"]: np.array([row[each] for each in unit_names()]) for row in served if row["subject"] == s}
                for s in subjects
            },
        )

    @property
    def total(self) -> float:
        """Requests."""
        return sum(self.requests.values())

    def of_model(self, subject: str) -> float:
        """Requests of a model."""
        return sum(count for (each, _), count in self.requests.items() if each == subject)


def difference(before: Usage, after: Usage) -> pl.DataFrame:
    """Mean energy and emissions of two usages and the part of the difference that each cause makes.

    Returns:
        A row per quantity and cause: `quantity, unit, cause, meaning, before, after, difference`; `before` and `after`
        are of the whole quantity.

    Raises:
        InputError: boundaries that differ.
    """
    if before.boundary != after.boundary:
        raise InputError(
            f"{after.name}: found boundary {after.boundary}; allowed: {before.boundary}, as in {before.name}"
        )
    rows = []
    for quantity, unit in ((ENERGY, "kWh"), (EMISSIONS, "kg CO2e")):
        parts = shapley(list(CAUSES), lambda changed, quantity=quantity: _value(before, after, changed, quantity))
        first, last = (_value(before, after, changed, quantity) for changed in (frozenset(), frozenset(CAUSES)))
        rows += [(quantity, unit, cause, meaning, first, last, parts[cause]) for cause, meaning in CAUSES.items()]
    schema = ["quantity", "unit", "cause", "meaning", "before", "after", "difference"]
    return pl.DataFrame(rows, schema, orient="row")


def shapley(causes: list[str], value: Callable[[frozenset[str]], float]) -> dict[str, float]:
    """Mean contribution of every cause over all orders in which they may change; they sum to the whole difference.

    `value` is the quantity where some causes are those of after, and the others those of before. Source: Shapley
    (1953); for decompositions of energy use, Ang (2004), doi:10.1016/S0301-4215(03)00076-4.
    """
    known = {
        frozenset(of): value(frozenset(of)) for size in range(len(causes) + 1) for of in combinations(causes, size)
    }
    count = len(causes)
    found = {}
    for cause in causes:
        others = [each for each in causes if each != cause]
        found[cause] = sum(
            factorial(size) * factorial(count - size - 1) / factorial(count) * (known[before | {cause}] - known[before])
            for size in range(count)
            for before in map(frozenset, combinations(others, size))
        )
    return found


def _value(before: Usage, after: Usage, changed: frozenset[str], quantity: str) -> float:
    """A quantity where some causes are those of after."""

    def side(cause: str) -> Usage:
        return after if cause in changed else before

    # ASSUME: energy per token that differs between statements of one method is the serving (batch, speed, load); with
    # another version or study nothing tells the two apart, and all of it is the method.
    energy_per_token = SERVING if before.method == after.method else METHOD
    total = 0.0
    mix = side(MODEL)
    for subject in sorted({each for usage in (before, after) for each, _ in usage.requests}):
        share = mix.of_model(subject) / mix.total if mix.total else 0.0
        if not share:
            continue
        where = _having(side(GRID), before, after, lambda usage, of=subject: usage.of_model(of) > 0)
        served = _having(side(GPU), before, after, lambda usage, of=subject: of in usage.gpus).gpus[subject]
        for (of, region), count in where.requests.items():
            if of != subject or not count:
                continue
            key = (subject, region)
            here = count / where.of_model(subject)
            lengths = _lengths(side(LENGTHS), before, after, key)
            wh = sum(
                part * (_unit_wh(side(energy_per_token), before, after, subject, gpu) @ lengths)
                for gpu, part in served.items()
            )
            kwh = side(VOLUME).total * share * here * wh * where.pue[key] / WH_PER_KWH
            total += kwh * (where.carbon[key] / G_PER_KG if quantity == EMISSIONS else 1.0)
    return total


def _having(first: Usage, before: Usage, after: Usage, has: Callable[[Usage], bool]) -> Usage:
    """The first usage, or the other one for what only the other one has: its whole effect is that of the model."""
    return first if has(first) else (after if first is before else before)


def _lengths(first: Usage, before: Usage, after: Usage, key: Key) -> np.ndarray:
    """Mean lengths of a model in a region; of the model in all regions where it has no requests in this one."""
    subject, _ = key
    usage = _having(first, before, after, lambda each: each.of_model(subject) > 0)
    if usage.requests.get(key):
        return usage.lengths[key]
    parts = [count * usage.lengths[each] for each, count in usage.requests.items() if each[0] == subject]
    return sum(parts) / usage.of_model(subject)


def _unit_wh(first: Usage, before: Usage, after: Usage, subject: str, gpu: str) -> np.ndarray:
    """Energy per unit of a model on a GPU; that of the other usage where this one does not have the GPU."""
    usage = _having(first, before, after, lambda each: gpu in each.unit_wh.get(subject, {}))
    return usage.unit_wh[subject][gpu]
