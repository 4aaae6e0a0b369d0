"""Distributions of the shared uncertainty, resolved from the entries of a study and the tables they name."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy.power import GpuPower, gpu_power
from inference_energy.statistics.distributions import (
    Beta,
    Constant,
    Distribution,
    LogNormal,
    ShiftedLogNormal,
    distribution,
    percentiles,
)
from inference_energy.studies.study import NestedStudy
from inference_energy.throughput.attainment import attainment_distribution
from inference_energy.throughput.latency import latency_distribution
from inference_energy.throughput.log_linear import NODE_GPUS

CACHED = "cached share"


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The distributions of a study, resolved from its entries and the tables they name.

    Attributes:
        distributions: by ingredient; `boards`, `host` and `fit_error` are shares of probability, see `Shared`.
        power: by GPU; empty where a study rates nodes instead.
        rated_w: by model, rated power of a node per GPU, W; empty where power was measured.
        mix: by class, models with their weights and the concentration of the Dirichlet distribution (None: known).
        overheads: names of the overheads that are switched on.
    """

    distributions: dict[str, Distribution]
    power: dict[str, GpuPower]
    rated_w: dict[str, float]
    mix: dict[str, tuple[dict[str, float], float | None]]
    overheads: tuple[str, ...]


@dataclass(frozen=True)
class _Uniform:
    def quantile(self, shares: np.ndarray) -> np.ndarray:
        return np.asarray(shares)


@formula(unit="W", source="arithmetic")
def rated_node_power_w(*, node_kw: Quantity) -> Quantity:
    """Rated power of an 8-GPU node, per GPU."""
    return node_kw * W_PER_KW / NODE_GPUS


@dataclass(frozen=True, kw_only=True)
class ServedTables:
    """What the energies of a study draw on once its curves are fitted, by name of the table."""

    hardware: pl.DataFrame
    pairs: pl.DataFrame
    latency: pl.DataFrame
    lengths: pl.DataFrame
    answers: pl.DataFrame
    node_power: pl.DataFrame
    overheads: pl.DataFrame


def assumptions(study_name: str, study: NestedStudy, tables: ServedTables) -> Assumptions:
    """The distributions of a study.

    Raises:
        InputError: an overhead, GPU or kind of pair that is not there, percentiles that a family cannot have, or a
            latency target that was not met in measurements.
    """
    place = f"config/studies/{study_name}.yaml"
    distributions: dict[str, Distribution] = {
        name: _distribution(getattr(study, name), f"{place}: {name}") for name in ("load", "pue")
    }
    distributions["attainment"] = attainment_of(study.attainment, tables.pairs, f"{place}: attainment")
    for name in ("load", "attainment"):
        of = distributions[name]
        if isinstance(of, Beta) and of.a <= 1:
            raise InputError(
                f"{place}: {name}: found a distribution so near to 0 that the mean energy is infinite;"
                " allowed: a p05 further from 0"
            )
    known = {row["overhead"]: row for row in tables.overheads.iter_rows(named=True)}
    for name in study.overheads:
        if name not in known:
            raise InputError(f"{place}: overheads: found {name!r}; allowed: {one_of(known)}")
        distributions[_overhead(name)] = overhead_distribution(known[name])
    for workload, entry in study.workloads.items():
        cached = 0.0 if entry.cached_share is None else entry.cached_share
        distributions[cached_name(workload)] = _distribution(cached, f"{place}: workloads.{workload}.cached_share")
    power, rated_w = {}, {}
    if study.power.form == "rated":
        distributions["utilisation"] = _distribution(study.power.utilisation, f"{place}: power.utilisation")
        node_kw = study.power.node_kw
        rated_w = {model: rated_node_power_w(node_kw=node_kw.of_model(model)) for model, _, _ in study.members()}
    else:
        distributions |= {"boards": _Uniform(), "host": _Uniform()}
        gpus = list(dict.fromkeys(gpu for _, gpu, _ in study.members()))
        power = {gpu: gpu_power(gpu, f"{place}: hardware", tables.node_power, tables.hardware) for gpu in gpus}
    if study.throughput.fit_error:
        for model in dict.fromkeys(model for model, _, _ in study.members()):
            distributions[fit_error_name(model)] = _Uniform()
    if study.latency_target_ms is not None:
        for gpu in dict.fromkeys(gpu for _, gpu, _ in study.members()):
            distributions[latency_name(gpu)] = latency_distribution(
                gpu, study.latency_target_ms, tables.latency, tables.hardware, f"{place}: latency_target_ms"
            )
    mix = {name: (of.model_shares(), of.mix_concentration) for name, of in study.classes.items()}
    return Assumptions(distributions=distributions, power=power, rated_w=rated_w, mix=mix, overheads=study.overheads)


def _overhead(name: str) -> str:
    return f"overhead: {name}"


def cached_name(workload: str) -> str:
    """Name of the ingredient that says how much of a workload's prompts is in the cache."""
    return f"{CACHED}: {workload}"


def fit_error_name(model: str) -> str:
    """Name of the ingredient that says what the curves of a model miss."""
    return f"fit error: {model}"


def latency_name(gpu: str) -> str:
    """Name of the ingredient that says what a latency target costs on a GPU."""
    return f"latency cost: {gpu}"


def attainment_of(spec: dict | float, pairs: pl.DataFrame, place: str) -> Distribution:
    """Distribution of the attainment, from its study entry, which may also be `{pairs: {<kind>: weight}}`."""
    if isinstance(spec, dict) and "pairs" in spec:
        return attainment_distribution(pairs, spec["pairs"], f"{place}.pairs")
    return _distribution(spec, place)


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


def assumed(name: str, given: Assumptions, fit: pl.DataFrame) -> pl.DataFrame:
    """Shared uncertainty that a study assumes: a row per ingredient with P5, P25, P50, P75 and P95."""
    rows = []
    for ingredient, of in given.distributions.items():
        if ingredient in ("boards", "host") or ingredient.startswith("fit error"):
            continue  # shares of probability within a range; the ranges follow
        unit = "factor" if ingredient == "pue" or ingredient.startswith("latency cost") else "share"
        rows.append({"ingredient": ingredient, "unit": unit} | percentiles(of))
    for gpu, power in given.power.items():
        boards = {q: power.tdp_w * share for q, share in percentiles(power.board_saturated).items()}
        rows.append({"ingredient": f"saturated boards, {gpu}", "unit": "W per GPU"} | boards)
        rows.append({"ingredient": f"saturated host, {gpu}", "unit": "W per GPU"} | percentiles(power.host_saturated))
        idle = power.tdp_w * power.board_idle + power.host_idle_w
        rows.append({"ingredient": f"idle node, {gpu}", "unit": "W per GPU"} | dict.fromkeys(boards, idle))
    for row in fit.iter_rows(named=True):
        factor = LogNormal(log_mean=0.0, log_sd=row["fit_error_log_sd"])
        label = f"throughput fit, {row['model']} on {row['gpu']} ({row['kinship'].replace('_', ' ')})"
        rows.append({"ingredient": label, "unit": "factor on GPU time"} | percentiles(factor))
    return pl.DataFrame(rows).select(pl.lit(name).alias("study"), pl.all())
