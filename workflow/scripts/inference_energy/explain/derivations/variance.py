"""Shares of ingredients in the variance of energies, by study, subject and workload."""

from dataclasses import replace

import polars as pl

from inference_energy.energy.assumptions import cached_name
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions
from inference_energy.explain.step import Node, number
from inference_energy.fleet import variance as fleet_variance


def variance(asked: Asked) -> Node:
    """A number of `variance_shares`."""
    row = asked.row
    same = asked.build.rows(
        "variance_shares", **{name: row[name] for name in ("study", "subject", "workload", "spread")}
    )
    others = same.filter(pl.col("ingredient") != row["ingredient"])
    if asked.column == "log_variance":
        energies = asked.build.row(
            "energy_per_query",
            **{name: row[name] for name in ("study", "workload", "subject", "spread")},
        )
        ends = [asked.of("energy_per_query", energies, f"energy_wh_{end}", end) for end in ("p05", "p95")]
        note = "variance of ln energy over the draws; next to it that of a log-normal with the same P5 and P95"
        return asked.node("(ln(p95 / p05) / 3.29) ** 2", ends, exact=False, note=note)
    if row["ingredient"] == fleet_variance.INTERPLAY:
        found = [
            number(
                f"s_{place}",
                f"share of {other['ingredient']}",
                other["variance_share"],
                children=_distribution(asked, other),
            )
            for place, other in enumerate(others.iter_rows(named=True), start=1)
        ]
        formula = "1 - (" + " + ".join(node.symbol for node in found) + ")"
        return asked.node(formula, found, note="what no ingredient explains alone")
    explains = replace(asked.beside("log_variance", "V"), note="variance of ln energy over the draws")
    part = number(
        "V_x",
        "variance of the mean of ln energy given the ingredient: Var(E[ln energy | x])",
        row["variance_share"] * row["log_variance"],
        children=_distribution(asked, row),
    )
    note = "first-order share, Saltelli et al., doi:10.1016/j.cpc.2009.09.018, in 100 bins of equal numbers of draws"
    if row["ingredient"] in ("lengths", "fit error") and row["spread"] == "untrimmed":
        note = "given the model and GPU: mean over them of the variance of ln energy that it alone makes"
    if row["ingredient"] == "model and GPU":
        note = "variance over models and GPUs of the mean of ln energy of each"
    return asked.node("V_x / V", [part, explains], note=note)


def _distribution(asked: Asked, row: dict) -> tuple[Node, ...]:
    """Sources of an ingredient of a variance."""
    name, study = row["ingredient"], row["study"]
    subject, workload = row["subject"], row["workload"]
    keys = {
        "lengths": ["workloads", workload],
        "model and GPU": ["classes", subject, "weights"],
        "model mix": ["classes", subject, "weights"],
        "fit error": ["throughput", "fit_error"],
        "power": ["power"],
        "overheads": ["overheads"],
    }
    if name in keys:
        return (asked.entry(*keys[name], value=None, label=f"{name}: {'.'.join(keys[name])}", note=""),)
    ingredient = cached_name(workload) if name == "cached share" else name
    return tuple(distributions.at_share(asked, study, ingredient, share, "") for share in (0.05, 0.5, 0.95))
