"""Fleet totals by the published method."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.fleet.planning import energy_gwh_per_day
from inference_energy.oviedo.energy import exact_pool, fitted_models, random_factors
from inference_energy.statistics.distributions import LogNormal, lognormal, product
from inference_energy.statistics.draws import quasi_random
from inference_energy.statistics.mixture import Pool
from inference_energy.statistics.quantiles import PERCENTILES, Z_P95, columns
from inference_energy.studies.study import PublishedStudy, Scenario

SHARED_DRAWS = 65_536  # quasi-random draws of the shared uncertainty of a fleet


def overhead_factor(names: Iterable[str], overheads: pl.DataFrame, place: str) -> float:
    """Product of 1 + share over named overheads.

    Raises:
        InputError: a name that the overhead table does not have, or one of which only a range is known.
    """
    single = pl.col("share_p05") == pl.col("share_p95")
    shares = dict(overheads.filter(single).select("overhead", "share_p05").iter_rows())
    for name in names:
        if name not in shares:
            raise InputError(f"{place}: found {name!r}; allowed: {one_of(shares)}, which have one value")
    return float(np.prod([1 + shares[name] for name in names]))


def scenario_aggregates(
    *,
    study_name: str,
    study: PublishedStudy,
    energy: pl.DataFrame,
    fit: pl.DataFrame,
    overheads: pl.DataFrame,
    seed: int,
) -> pl.DataFrame:
    """Energy of the fleet per day, one row per scenario.

    The mean is the published figure. P5, P50 and P95 hold utilisation, PUE and serving multiplier as one
    unknown value for the whole fleet each, so they do not shrink with the number of draws. The columns
    `..._as_published` are the publication's interval: the sampling error of its Monte Carlo mean.
    """
    fleet = study.fleet
    workloads = {
        workload: Workload.of(study_name, study, workload, energy, fit, overheads) for workload in study.workloads
    }
    shared = _shared_draws(study_name, study, seed)
    return pl.DataFrame(
        [
            {"study": study_name, "scenario": name, "label": spec.label, "boundary": "fleet"}
            | _scenario(fleet.queries_per_day, spec, workloads, shared, study.as_published.draws_per_model)
            for name, spec in fleet.scenarios.items()
        ]
    )


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Mean energy of one workload's queries, without and with the serving intervention."""

    mean_wh: float
    mean_se_wh: float
    unit_mean_wh: float  # of queries with utilisation and PUE at 1
    overhead: float
    multiplier: LogNormal
    plain: Pool
    improved: Pool

    @classmethod
    def of(cls, study_name, study, workload, energy, fit, overheads):
        """The workload of a study, from its tables."""
        fleet = study.fleet
        weights = study.classes[fleet.subject].model_shares()
        multiplier = lognormal(fleet.serving_multiplier[workload])
        curves = fitted_models(fit)
        plain, improved = (exact_pool(study, workload, weights, curves, by) for by in (None, multiplier))
        row = energy.row(
            by_predicate=(pl.col("workload") == workload)
            & (pl.col("subject") == fleet.subject)
            & (pl.col("spread") == "untrimmed"),
            named=True,
        )
        place = f"study {study_name}: fleet.overheads.{workload}"
        return cls(
            mean_wh=row["energy_wh_mean"],
            mean_se_wh=row["energy_wh_mean_se"],
            unit_mean_wh=row["energy_wh_mean"] / product(random_factors(study)).moment(1),
            overhead=overhead_factor(fleet.overheads[workload], overheads, place),
            multiplier=multiplier,
            plain=plain,
            improved=improved,
        )


def _shared_draws(study_name: str, study: PublishedStudy, seed: int) -> dict[str, np.ndarray]:
    """Draws of the shared uncertainty of the fleet, by quantity, each shape (SHARED_DRAWS,)."""
    utilisation, pue = random_factors(study)
    # ASSUME: the fleet's mean utilisation and PUE, and the saving of its serving system, are one unknown value
    # each, with the ranges the publication gives for a query.
    spread: dict[str, LogNormal] = {"utilisation": utilisation, "pue": pue} | {
        workload: lognormal(spec) for workload, spec in study.fleet.serving_multiplier.items()
    }
    points = quasi_random(seed, study_name, "fleet", dimensions=len(spread), draws=SHARED_DRAWS)
    return {name: of.quantile(shares).ravel() for (name, of), shares in zip(spread.items(), points, strict=True)}


def _scenario(queries: float, spec: Scenario, workloads: dict, shared: dict, published_draws: int) -> dict:
    found = energies_gwh_per_day(queries, spec, workloads, shared, published_draws)
    over_shared = np.quantile(found.pop("over_shared"), list(PERCENTILES.values()))
    return {
        "queries_per_day": float(queries),
        "long_share": float(spec.long_share),
        "interventions": spec.interventions,
        "overhead_traditional": workloads["traditional"].overhead,
        "overhead_long": workloads["long"].overhead,
        **columns("energy_gwh_per_day", dict(zip(PERCENTILES, map(float, over_shared), strict=True))),
        **columns("energy_gwh_per_day", {name: float(value) for name, value in found.items()}),
    }


def energies_gwh_per_day(queries: float, spec: Scenario, workloads: dict, shared: dict, published_draws: int) -> dict:
    """Energy of a scenario's day: its mean with both sampling errors, and at every draw of the shared uncertainty, GWh.

    `shared` are utilisation, PUE, and the multiplier of the serving intervention by workload, a value per draw;
    `published_draws` the queries per model in a run of the published size.
    """
    shares = {"traditional": 1 - spec.long_share, "long": spec.long_share}
    means, variance, published_variance, unit = {}, 0.0, 0.0, 0.0
    for name, share in shares.items():
        workload = workloads[name]
        # E[1/X] of an independent multiplier X factors out: dividing each query by its own draw has this mean.
        saving = workload.multiplier.moment(-1) if spec.interventions else 1.0
        pool = workload.improved if spec.interventions else workload.plain
        scale = energy_gwh_per_day(queries_per_day=queries * share, energy_wh=1.0, overhead=workload.overhead)
        means[name] = scale * workload.mean_wh * saving
        variance += (scale * workload.mean_se_wh * saving) ** 2
        published_variance += (scale * pool.mean_se(published_draws)) ** 2
        unit = unit + scale * workload.unit_mean_wh / (shared[name] if spec.interventions else 1.0)
    mean = sum(means.values())
    published_error = Z_P95 * np.sqrt(published_variance)
    return {
        "mean": mean,
        "mean_traditional": means["traditional"],
        "mean_long": means["long"],
        "mean_se": np.sqrt(variance),
        "published_se": np.sqrt(published_variance),
        "p05_as_published": mean - published_error,
        "p50_as_published": mean,
        "p95_as_published": mean + published_error,
        "over_shared": unit * shared["utilisation"] * shared["pue"],
    }
