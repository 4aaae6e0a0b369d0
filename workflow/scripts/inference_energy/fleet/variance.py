"""Shares of the variability and uncertainty of an energy by ingredient."""

import numpy as np
import polars as pl

from inference_energy.energy import gpu_second, uncertainty
from inference_energy.energy.service import Service, query_wh
from inference_energy.energy.uncertainty import Shared
from inference_energy.statistics.draws import stream
from inference_energy.throughput.gpu_time import gpu_seconds

BINS = 100
INTERPLAY = "interplay"


def first_order_share(logs: np.ndarray, ingredient: np.ndarray, order: np.ndarray | None = None) -> float:
    """Share of a variance that one ingredient explains alone: Var(E[y | x]) / Var(y).

    The conditional mean is taken in 100 bins of equal numbers of draws; the variance that bins of finite size have
    by chance is subtracted. Exact where factors are multiplicative and y is a logarithm. Source: Saltelli et
    al., doi:10.1016/j.cpc.2009.09.018 (first-order sensitivity index).

    Args:
        logs: y, shape (draws,).
        ingredient: x, shape (draws,): numbers, of which only the order counts.
        order: `np.argsort(ingredient)` where it is known already.
    """
    variance = logs.var()
    if np.ptp(ingredient) == 0 or variance == 0:
        return 0.0
    ordered = logs[np.argsort(ingredient, kind="stable") if order is None else order]
    starts = np.linspace(0, len(logs), min(BINS, len(logs) // 2) + 1).astype(int)
    counts = np.diff(starts)
    means = np.add.reduceat(ordered, starts[:-1]) / counts
    within = np.add.reduceat(ordered**2, starts[:-1]) / counts - means**2
    by_chance = np.mean(within / (counts - 1))
    return float(max(means.var() - by_chance, 0.0) / variance)


def variance_shares(service: Service, *, draws: int, seed: int) -> pl.DataFrame:
    """Shares of the variance of ln energy, per class, workload, spread and ingredient; they sum to 1.

    - `untrimmed`: of a single query: the model and GPU that serve it; given these its lengths and what the curve
      misses; and everything shared;
    - `shared`: of the mean over queries: everything shared, and the mix of models.

    `interplay` is what no ingredient explains alone, such as load and idle power together.
    """
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    boundary = service.study.boundary.query
    energies = service.per_gpu_second(shared)
    known = _shared_ingredients(service, shared)
    rows = []
    for model_class, spec in service.study.classes.items():
        for workload in service.lengths:
            here = known | {"cached share": _ordered(uncertainty.cached_share(shared, workload))}
            query = _of_a_query(service, shared, energies, model_class, workload, here, seed)
            mean = _of_the_mean(service, shared, energies, model_class, workload, here)
            for spread, (variance, shares) in {"untrimmed": query, "shared": mean}.items():
                shares[INTERPLAY] = 1 - sum(shares.values())
                place = {"study": service.name, "subject": model_class, "label": spec.label, "workload": workload}
                place |= {"boundary": boundary, "spread": spread}
                rows += [
                    place | {"ingredient": name, "variance_share": share, "log_variance": variance}
                    for name, share in shares.items()
                ]
    return pl.DataFrame(rows)


Ordered = tuple[np.ndarray, np.ndarray]  # values, and the order that sorts them


def _ordered(values: np.ndarray) -> Ordered:
    return values, np.argsort(values, kind="stable")


def _shared_ingredients(service: Service, shared: Shared) -> dict[str, Ordered]:
    """One value per draw and ingredient; several distributions of one kind are combined."""
    values, boundary = shared.values, service.study.boundary.query
    load = float(np.median(values["load"]))
    if service.given.rated_w:
        power = values["utilisation"]
    else:
        power = sum(
            of.boards_at(load, of.board_saturated.quantile(values["boards"])) for of in service.given.power.values()
        )
        if boundary != "gpu_boards":
            power = power + sum(
                of.host_at(load, of.host_saturated.quantile(values["host"])) for of in service.given.power.values()
            )
    found = {"load": values["load"], "attainment": values["attainment"], "power": power}
    if boundary in ("datacenter", "fleet"):
        found["pue"] = values["pue"]
    if boundary == "fleet":
        found["overheads"] = np.broadcast_to(gpu_second.overhead_share(service.given, shared), len(values["load"]))
    return {name: _ordered(value) for name, value in found.items()}


def _of_a_query(
    service: Service,
    shared: Shared,
    energies: dict,
    model_class: str,
    workload: str,
    known: dict[str, Ordered],
    seed: int,
) -> tuple[float, dict[str, float]]:
    weights = {member: float(weight) for member, weight in service.weights(model_class).items()}
    boundary = service.study.boundary.query
    of, cached = service.lengths[workload], uncertainty.cached_share(shared, workload)
    draws = len(cached)
    generator = stream(seed, service.name, "variance", model_class, workload)
    points = of.drawn(generator, draws)
    who = generator.choice(len(weights), draws, p=np.array(list(weights.values())) / sum(weights.values()))
    logs, typical, by_lengths, by_fit = np.empty(draws), [], 0.0, 0.0
    for position, (member, weight) in enumerate(weights.items()):
        curve, error = service.curves[member]
        here, parts = who == position, curve.parts(of)
        seconds = gpu_seconds(curve.coefficients(), parts.at(points[here]), cached[here])
        logs[here] = np.log(query_wh(gpu_seconds=seconds, wh_per_gpu_second=energies[member][boundary][here]))
        at_median = np.log(gpu_seconds(curve.coefficients(), parts, float(np.median(cached))))
        typical.append(of.mean(at_median) + float(np.mean(np.log(energies[member][boundary]))))
        # Given the model and GPU: variance of ln seconds over lengths, and of ln of what the curve misses.
        by_lengths += weight * (of.mean(at_median**2) - of.mean(at_median) ** 2)
        by_fit += weight * float(np.var(np.log(uncertainty.fit_factor(shared, member[0], error))))
    variance = float(logs.var())
    if variance == 0:
        return variance, dict.fromkeys(("lengths", "model and GPU", "fit error"), 0.0)
    means, each = np.array(typical), np.array(list(weights.values()))
    by_member = float(each @ means**2 - (each @ means) ** 2)
    found = {"lengths": by_lengths / variance, "model and GPU": by_member / variance, "fit error": by_fit / variance}
    return variance, found | {name: first_order_share(logs, *ordered) for name, ordered in known.items()}


def _of_the_mean(
    service: Service,
    shared: Shared,
    energies: dict,
    model_class: str,
    workload: str,
    known: dict[str, Ordered],
) -> tuple[float, dict[str, float]]:
    boundary = service.study.boundary.query
    draws = len(shared.values["load"])
    means = service.mean_wh(shared, model_class, workload, energies)[boundary]
    logs = np.broadcast_to(np.log(means), (draws,))
    middle = uncertainty.central(service.given)
    typical = {
        member: float(value[boundary]) * float(service.mean_seconds(middle, workload, member))
        for member, value in service.per_gpu_second(middle).items()
    }
    expected, drawn = service.weights(model_class), service.weights(model_class, shared)
    fit_error = sum(
        float(weight) * typical[member] * uncertainty.fit_factor(shared, member[0], service.curves[member][1])
        for member, weight in expected.items()
    )
    mix = sum(weight * typical[member] for member, weight in drawn.items())
    ingredients = known | {
        "model mix": _ordered(np.broadcast_to(mix, (draws,))),
        "fit error": _ordered(np.broadcast_to(fit_error, (draws,))),
    }
    return float(logs.var()), {name: first_order_share(logs, *ordered) for name, ordered in ingredients.items()}
