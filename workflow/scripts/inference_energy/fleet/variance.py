"""Shares of the variability and uncertainty of an energy by ingredient."""

import numpy as np
import polars as pl

from inference_energy.energy import uncertainty
from inference_energy.energy.per_query import random_queries
from inference_energy.energy.service import Service

BINS = 40
REST = "serving model"


def first_order_share(logs: np.ndarray, ingredient: np.ndarray, weights: np.ndarray) -> float:
    """Share of the variance of `logs`, y, that one ingredient, x, explains alone: Var(E[y | x]) / Var(y).

    Only the order of the ingredient's numbers counts; every draw counts by its weight. The conditional mean is taken in
    bins of equal numbers of draws; the variance that bins of finite size have by chance is subtracted. Exact where
    factors are multiplicative and y is a logarithm. Source: Saltelli et al., doi:10.1016/j.cpc.2009.09.018
    (first-order sensitivity index).
    """
    variance = _variance(logs, weights)
    if np.ptp(ingredient) == 0 or variance == 0:
        return 0.0
    order = np.argsort(ingredient, kind="stable")
    starts = np.linspace(0, len(logs), min(BINS, len(logs) // 2) + 1).astype(int)[:-1]

    def summed(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat((weights * values)[order], starts)

    counted = summed(np.ones(len(logs)))
    means = summed(logs) / counted
    within = summed(logs**2) / counted - means**2
    effective = counted**2 / np.add.reduceat((weights**2)[order], starts)
    by_chance = np.average(within / np.maximum(effective - 1, 1), weights=counted)
    return float(max(_variance(means, counted) - by_chance, 0.0) / variance)


def variance_shares(service: Service) -> pl.DataFrame:
    """Shares of the variance of ln energy, per class, workload, spread and ingredient; they sum to 1.

    - `untrimmed`: of a single query: its lengths, and everything shared;
    - `shared`: of the mean over queries: everything shared.

    `serving model` is what no ingredient explains alone: time and power of the models on their GPUs, as far as the
    serving model does not know them, and the interplay of ingredients.
    """
    rows = []
    for subject, spec in service.study.classes.items():
        for workload in service.lengths:
            means, weights = service.mean_wh(subject, workload)
            if not weights.any():
                continue
            counts = weights > 0
            logs, weights = np.log(means[service.study.boundary.query][counts]), weights[counts]
            found = {
                name: first_order_share(logs, values[counts], weights)
                for name, values in _ingredients(service, subject, workload).items()
            }
            variance = _variance(logs, weights)
            lengths = _of_lengths(service, subject, workload)
            single = variance + lengths or 1.0  # where all is known, any number
            spreads = {
                "shared": (variance, found),
                "untrimmed": (
                    variance + lengths,
                    {name: share * variance / single for name, share in found.items()} | {"lengths": lengths / single},
                ),
            }
            place = {"study": service.name, "subject": subject, "label": spec.label, "workload": workload}
            place |= {"boundary": service.study.boundary.query}
            for spread, (log_variance, shares) in spreads.items():
                every = shares | {REST: 1 - sum(shares.values())}
                rows += [
                    place
                    | {"spread": spread, "ingredient": name, "variance_share": share, "log_variance": log_variance}
                    for name, share in every.items()
                ]
    return pl.DataFrame(rows)


def _ingredients(service: Service, subject: str, workload: str) -> dict[str, np.ndarray]:
    """One value per draw and ingredient; several distributions of one kind are combined."""
    values, boundary = service.shared.values, service.study.boundary.query
    names = ["speed", "headroom", "released_share", "host", "utilisation"]
    names += ["pue"] if boundary in ("datacenter", "fleet") else []
    found = {name: values[name] for name in names if name in values}
    found["cached share"] = uncertainty.cached_share(service.shared, workload)
    if boundary == "fleet":
        found["overheads"] = uncertainty.overhead_share(service.given, service.shared)
    # Of mixes the energy that they would have with everything else at its median.
    at = service.at(workload)
    typical = np.median(at.mean_seconds() * at.wh_per_gpu_second[boundary], axis=0)
    of_model: dict[str, list[float]] = {}
    of_gpu: dict[tuple[str, str], list[float]] = {}
    for (model, *place), energy in zip(service.members.names, typical, strict=True):
        if model in service.models_of(subject):
            of_model.setdefault(model, []).append(energy)
            of_gpu.setdefault(tuple(place), []).append(energy)
    found["model mix"] = sum(weight * np.mean(of_model[model]) for model, weight in service.models_of(subject).items())
    found["GPU mix"] = 1 / sum(share / np.mean(of_gpu[place]) for place, share in service.shared.gpus[subject].items())
    return found


def _of_lengths(service: Service, subject: str, workload: str) -> float:
    """Variance of the ln energy of single queries around the mean of their draw."""
    energies, weights = random_queries(service, subject, workload)
    means, probable = service.mean_wh(subject, workload)
    boundary = service.study.boundary.query
    logs = np.log(energies[boundary])
    counted = np.repeat(np.log(means[boundary][probable > 0]), len(logs) // int((probable > 0).sum()))
    return max(float(_variance(logs, weights) - _variance(counted, weights)), 0.0)


def _variance(values: np.ndarray, weights: np.ndarray) -> float:
    mean = np.average(values, weights=weights)
    return float(np.average((values - mean) ** 2, weights=weights))
