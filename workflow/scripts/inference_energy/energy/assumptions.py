"""Distributions of the shared uncertainty, resolved from the entries of a study and the tables they name."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import Quantity, formula
from inference_energy.statistics.distributions import (
    Constant,
    Distribution,
    LogNormal,
    ShiftedLogNormal,
    distribution,
    percentiles,
)
from inference_energy.studies.study import NODE_GPUS, NestedStudy

CACHED = "cached share"
SPECULATIVE = "speculative"
DISAGGREGATED = "disaggregated"
# Throughput with GPUs of their own for prompts over that with one set: 1.11 to 1.26.
TIME_OF_DISAGGREGATED = LogNormal(log_mean=-math.log(1.18), log_sd=0.5)
MS_PER_S = 1000


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The distributions of a study, resolved from its entries and the tables they name."""

    # by ingredient; `host` and those of speculative decoding are shares of probability, see `Shared`
    distributions: dict[str, Distribution]
    # by model, rated power of a node per GPU, W; empty where power follows from the serving model
    rated_w: dict[str, float]
    # by class, models with their weights and the concentration of the Dirichlet distribution (None: known)
    mix: dict[str, tuple[dict[str, float], float | None]]
    # by class, the same of its GPUs, by GPU and number format
    gpus: dict[str, tuple[dict[tuple[str, str], float], float | None]]
    overheads: tuple[str, ...]  # names of the overheads that are switched on


@dataclass(frozen=True)
class _Uniform:
    def quantile(self, shares: np.ndarray) -> np.ndarray:
        return np.asarray(shares)


@formula(unit="W", source="arithmetic")
def rated_node_power_w(*, node_kw: Quantity) -> Quantity:
    """Rated power of an 8-GPU node, per GPU."""
    return node_kw * W_PER_KW / NODE_GPUS


def assumptions(study_name: str, study: NestedStudy, overheads: pl.DataFrame) -> Assumptions:
    """The distributions of a study.

    Raises:
        InputError: an overhead that is not there, or percentiles that a family cannot have.
    """
    place = f"config/studies/{study_name}.yaml"
    found = {
        "pue": _distribution(study.pue, f"{place}: pue"),
        "headroom": _distribution(study.day.headroom, f"{place}: day.headroom"),
        "released_share": _distribution(study.day.released_share, f"{place}: day.released_share"),
    }
    serving, power = study.serving, study.power
    if serving.speed_tok_per_s is not None:
        found["speed"] = _distribution(serving.speed_tok_per_s, f"{place}: serving.speed_tok_per_s")
    if serving.time_per_token_ms is not None:
        found["speed"] = Constant(MS_PER_S / serving.time_per_token_ms)
    if serving.disaggregated:
        found[DISAGGREGATED] = TIME_OF_DISAGGREGATED
    known = {row["overhead"]: row for row in overheads.iter_rows(named=True)}
    for name in study.overheads:
        if name not in known:
            raise InputError(f"{place}: overheads: found {name!r}; allowed: {one_of(known)}")
        found[overhead_name(name)] = overhead_distribution(known[name])
    for workload, entry in study.workloads.items():
        cached = 0.0 if entry.cached_share is None else entry.cached_share
        found[cached_name(workload)] = _distribution(cached, f"{place}: workloads.{workload}.cached_share")
    rated_w = {}
    if power.form == "rated":
        found["utilisation"] = _distribution(power.utilisation, f"{place}: power.utilisation")
        rated_w = {model: rated_node_power_w(node_kw=power.node_kw.of_model(model)) for model in study.model_classes()}
    else:
        factor = 1.0 if power.board_factor is None else power.board_factor
        found |= {"board_factor": _distribution(factor, f"{place}: power.board_factor"), "host": _Uniform()}
    for model in study.model_classes():
        found[speculative_name(model)] = _Uniform()
    return Assumptions(
        distributions=found,
        rated_w=rated_w,
        mix={name: (of.model_shares(), of.mix_concentration) for name, of in study.classes.items()},
        gpus={
            name: (
                {(entry.gpu, entry.precision): entry.share for entry in study.hardware_mix(name)},
                study.hardware_concentration,
            )
            for name in study.classes
        },
        overheads=study.overheads,
    )


def overhead_name(name: str) -> str:
    """Name of the ingredient that is the share of an overhead."""
    return f"overhead: {name}"


def cached_name(workload: str) -> str:
    """Name of the ingredient that says how much of a workload's prompts is in the cache."""
    return f"{CACHED}: {workload}"


def speculative_name(model: str) -> str:
    """Name of the ingredient that says whether the services of a model decode speculatively."""
    return f"{SPECULATIVE}: {model}"


def _distribution(spec: dict | float, place: str) -> Distribution:
    try:
        return distribution(spec)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None


def overhead_distribution(row: dict) -> Distribution:
    """Distribution of an overhead's share, from its row of the ledger: never negative."""
    if row["share_p05"] == row["share_p95"]:
        return Constant(row["share_p05"])
    return ShiftedLogNormal.from_percentiles(above=0.0, p05=row["share_p05"], p95=row["share_p95"])


UNITS = {"pue": "factor", "headroom": "factor", "board_factor": "factor", "speed": "tok/s", DISAGGREGATED: "factor"}


def assumed(name: str, given: Assumptions) -> pl.DataFrame:
    """Shared uncertainty that a study assumes: a row per ingredient with P5, P25, P50, P75 and P95."""
    rows = [
        {"ingredient": ingredient, "unit": UNITS.get(ingredient, "share")} | percentiles(of)
        for ingredient, of in given.distributions.items()
        if not isinstance(of, _Uniform)  # shares of probability within a range
    ]
    return pl.DataFrame(rows).select(pl.lit(name).alias("study"), pl.all())
