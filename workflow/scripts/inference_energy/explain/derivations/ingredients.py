"""Uncertain ingredients of a study: quantiles of what it assumes, and shares in the variance of energies."""

from dataclasses import replace

import polars as pl

from inference_energy.common.step import Node, number
from inference_energy.energy.assumptions import cached_name
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions
from inference_energy.explain.trace import given
from inference_energy.fleet import variance as fleet_variance
from inference_energy.statistics.quantiles import QUANTILES

SOBOL = (
    "first-order share, Saltelli et al., doi:10.1016/j.cpc.2009.09.018, in"
    f" {fleet_variance.BINS} bins of equal numbers of weighted draws"
)
OF_LENGTHS = "variance of ln energy of single queries around the mean of their draw"


def assumed(asked: Asked) -> Node:
    """A number of `assumptions`."""
    share = QUANTILES[asked.column]
    return asked.same(distributions.at_share(asked, asked.study, asked.row["ingredient"], share, "x"))


def variance(asked: Asked) -> Node:
    """A number of `variance_shares`."""
    row = asked.row
    key = {name: row[name] for name in ("study", "subject", "workload", "spread")}
    if asked.column == "log_variance":
        ends = [asked.look_up("energy_per_query", f"energy_wh_{end}", end, **key) for end in ("p05", "p95")]
        note = "variance of ln energy over the draws; next to it that of a log-normal with the same P5 and P95"
        return asked.node("(ln(p95 / p05) / 3.29) ** 2", ends, exact=False, note=note)
    if row["ingredient"] == fleet_variance.REST:
        others = asked.build.rows("variance_shares", **key).filter(pl.col("ingredient") != row["ingredient"])
        shares = [
            given("s", f"share of {other['ingredient']}", other["variance_share"], *_distribution(asked, other))
            for other in others.iter_rows(named=True)
        ]
        return asked.follows(1 - sum(shares), note="what no other ingredient explains alone")
    label = "variance of the mean of ln energy given the ingredient: Var(E[ln energy | x])"
    value = row["variance_share"] * row["log_variance"]
    part = number("V_x", label, value, children=_distribution(asked, row))
    whole = replace(asked.beside("log_variance", "V"), note="variance of ln energy over the draws")
    return asked.node("V_x / V", [part, whole], note=OF_LENGTHS if row["ingredient"] == "lengths" else SOBOL)


def _distribution(asked: Asked, row: dict) -> tuple[Node, ...]:
    """Sources of an ingredient of a variance."""
    name, study, subject = row["ingredient"], row["study"], row["subject"]
    of_class = ("classes", subject, "hardware") if asked.entries.classes[subject].hardware else ("hardware",)
    keys = {
        "lengths": ("workloads", row["workload"]),
        "model mix": ("classes", subject, "weights"),
        "GPU mix": of_class,
        "overheads": ("overheads",),
    }.get(name)
    if keys:
        return (asked.entry(*keys, value=None, label=f"{name}: {'.'.join(keys)}", note=""),)
    if name == "host":
        gpus = [entry.gpu for entry in asked.entries.hardware_mix(subject)]
        column = "host_saturated_kw_per_gpu_p95"
        return tuple(asked.resource("node_power.csv", {"gpu": gpu}, column, note="derivation") for gpu in gpus)
    ingredient = cached_name(row["workload"]) if name == "cached share" else name
    return tuple(distributions.at_share(asked, study, ingredient, share, "") for share in (0.05, 0.5, 0.95))
