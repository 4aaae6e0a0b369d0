"""Uncertain ingredients of a study: quantiles of what it assumes, and shares in the variance of energies."""

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.uncertainty import missed_by_fit
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions
from inference_energy.explain.derivations.medians import power_of
from inference_energy.explain.step import Node, number
from inference_energy.explain.trace import given, leaf
from inference_energy.fleet import variance as fleet_variance
from inference_energy.statistics.quantiles import QUANTILES

SOBOL = "first-order share, Saltelli et al., doi:10.1016/j.cpc.2009.09.018, in 100 bins of equal numbers of draws"
OF_ONE_MEMBER = "given the model and GPU: mean over them of the variance of ln energy that it alone makes"
NOTES = {
    ("lengths", "untrimmed"): OF_ONE_MEMBER,
    ("fit error", "untrimmed"): OF_ONE_MEMBER,
    ("model and GPU", "untrimmed"): "variance over models and GPUs of the mean of ln energy of each",
}


def assumed(asked: Asked) -> Node:
    """A number of `assumptions`."""
    name, share = asked.row["ingredient"], QUANTILES[asked.column]
    if name in asked.build.service(asked.study).given.distributions:
        return asked.same(distributions.at_share(asked, asked.study, name, share, "x"))
    if name.startswith("throughput fit, "):
        return _fit_factor(asked, float(ndtri(share)))
    what, gpu = name.split(", ", 1)
    power = power_of(asked, asked.study, gpu)
    if what == "saturated boards":
        return asked.follows(power.tdp_w * power.board_saturated.quantile(np.array(share)))
    if what == "saturated host":
        return asked.follows(power.host_saturated.quantile(np.array(share)))
    return asked.follows(power.tdp_w * power.board_idle + power.host_idle_w)


def _fit_factor(asked: Asked, score: float) -> Node:
    for row in asked.build.rows("throughput_fit", study=asked.study).iter_rows(named=True):
        label = f"throughput fit, {row['model']} on {row['gpu']} ({row['kinship'].replace('_', ' ')})"
        if label == asked.row["ingredient"]:
            log_sd = asked.of("throughput_fit", row, "fit_error_log_sd")
            if score:
                return asked.follows(missed_by_fit(log_sd=leaf(log_sd), score=score), note="log-normal around 1")
            return asked.node(children=[log_sd], note="log-normal around 1, at its median")
    return asked.node()


def variance(asked: Asked) -> Node:
    """A number of `variance_shares`."""
    row = asked.row
    key = {name: row[name] for name in ("study", "subject", "workload", "spread")}
    if asked.column == "log_variance":
        ends = [asked.look_up("energy_per_query", f"energy_wh_{end}", end, **key) for end in ("p05", "p95")]
        note = "variance of ln energy over the draws; next to it that of a log-normal with the same P5 and P95"
        return asked.node("(ln(p95 / p05) / 3.29) ** 2", ends, exact=False, note=note)
    if row["ingredient"] == fleet_variance.INTERPLAY:
        others = asked.build.rows("variance_shares", **key).filter(pl.col("ingredient") != row["ingredient"])
        shares = [
            given("s", f"share of {other['ingredient']}", other["variance_share"], *_distribution(asked, other))
            for other in others.iter_rows(named=True)
        ]
        return asked.follows(1 - sum(shares), note="what no ingredient explains alone")
    label = "variance of the mean of ln energy given the ingredient: Var(E[ln energy | x])"
    value = row["variance_share"] * row["log_variance"]
    part = number("V_x", label, value, children=_distribution(asked, row))
    whole = replace(asked.beside("log_variance", "V"), note="variance of ln energy over the draws")
    return asked.node("V_x / V", [part, whole], note=NOTES.get((row["ingredient"], row["spread"]), SOBOL))


def _distribution(asked: Asked, row: dict) -> tuple[Node, ...]:
    """Sources of an ingredient of a variance."""
    name, study, weights = row["ingredient"], row["study"], ("classes", row["subject"], "weights")
    keys = {
        "lengths": ("workloads", row["workload"]),
        "model and GPU": weights,
        "model mix": weights,
        "fit error": ("throughput", "fit_error"),
        "power": ("power",),
        "overheads": ("overheads",),
    }.get(name)
    if keys:
        return (asked.entry(*keys, value=None, label=f"{name}: {'.'.join(keys)}", note=""),)
    ingredient = cached_name(row["workload"]) if name == "cached share" else name
    return tuple(distributions.at_share(asked, study, ingredient, share, "") for share in (0.05, 0.5, 0.95))
