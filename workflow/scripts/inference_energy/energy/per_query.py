"""Energy of a query, with variability between queries and shared uncertainty separated."""

from collections import defaultdict
from itertools import product

import numpy as np
import polars as pl

from inference_energy.energy import uncertainty
from inference_energy.energy.service import Member, Service, query_wh
from inference_energy.energy.uncertainty import Shared
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics import quantiles
from inference_energy.statistics.draws import stream
from inference_energy.statistics.histogram import CHUNK_DRAWS, HistogramDistribution, LogHistogram, pooled_density
from inference_energy.statistics.mixture import Pool
from inference_energy.throughput.gpu_time import Curve, QueryParts, SecondsCurve, gpu_seconds


def energy_per_query(
    service: Service, *, borrowed: set[Member], draws: int, fleet_draws: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Energy of one query for every workload, subject, boundary and spread.

    - `untrimmed`: a random query, variability and uncertainty together (Monte Carlo, `draws`);
    - `per_query`: variability between queries, everything shared at its median (by summation);
    - `shared`: uncertainty of the mean over queries (Monte Carlo over the shared uncertainty, `fleet_draws`).

    Returns:
        The summary; and the density of the untrimmed draws at the study's boundary, for figures.
    """
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    histograms = _simulate(service, shared, draws, seed)
    fleet = shared.slice(slice(0, fleet_draws))
    fleet_energy = service.per_gpu_second(fleet)
    middle = uncertainty.central(service.given)
    boundary_of_queries = service.study.boundary.query
    summary, density = [], []
    for workload in service.lengths:
        # Taken out to free the memory of a finished workload.
        counted = {place: histograms.pop((workload, *place)) for place in product(service.curves, service.boundaries)}
        distributions = {place: histogram.distribution() for place, histogram in counted.items()}
        fixed = _at_center(service, middle, workload)
        for subject, (kind, _) in service.subjects().items():
            weights = service.weights(subject)
            means = service.mean_wh(fleet, subject, workload, fleet_energy)
            place = {"study": service.name, "workload": workload, "subject_kind": kind, "subject": subject}
            facts = {
                "extrapolated_share": service.extrapolated_share(subject, workload),
                "borrowed_share": service.borrowed_share(subject, borrowed),
            }
            for boundary in service.boundaries:
                drawn = {member: distributions[member, boundary] for member in weights}
                found = {
                    "untrimmed": _untrimmed(drawn, weights, draws),
                    "per_query": _per_query(service, fixed, weights, workload, boundary),
                    "shared": _shared(means[boundary], fleet_draws),
                }
                for spread, row in found.items():
                    summary.append(place | {"boundary": boundary, "spread": spread} | row | facts)
                if boundary == boundary_of_queries:
                    here = {member: counted[member, boundary] for member in weights}
                    plain = {member: float(weight) for member, weight in weights.items()}
                    density.append(pooled_density(here, plain).with_columns(**{k: pl.lit(v) for k, v in place.items()}))
    return pl.DataFrame(summary, infer_schema_length=None), pl.concat(density)


def _simulate(service: Service, shared: Shared, draws: int, seed: int) -> dict[tuple[str, Member, str], LogHistogram]:
    """Histograms of query energies, Wh, by workload, member and boundary; one query per shared draw."""
    found: dict[tuple[str, Member, str], LogHistogram] = defaultdict(LogHistogram)
    generators = {workload: stream(seed, service.name, "lengths", workload) for workload in service.lengths}
    parts = {workload: _parts(service, of) for workload, of in service.lengths.items()}
    for start in range(0, draws, CHUNK_DRAWS):
        here = shared.slice(slice(start, min(start + CHUNK_DRAWS, draws)))
        energies = service.per_gpu_second(here)
        for workload, of in service.lengths.items():
            points = of.drawn(generators[workload], len(here.values["load"]))
            cached = uncertainty.cached_share(here, workload)
            drawn = {kind: of_kind.at(points) for kind, of_kind in parts[workload].items()}
            for member, (curve, _) in service.curves.items():
                seconds = gpu_seconds(curve.coefficients(), drawn[_kind(member, curve)], cached)
                for boundary, energy in energies[member].items():
                    found[workload, member, boundary].add(query_wh(gpu_seconds=seconds, wh_per_gpu_second=energy))
    return found


def _kind(member: Member, curve: Curve) -> Member | None:
    """Members whose parts differ from those of others: all but sums of tokens and their products."""
    return None if isinstance(curve, SecondsCurve) else member


def _parts(service: Service, of: Lengths) -> dict[Member | None, QueryParts]:
    """Parts of the GPU time per point of a workload, each kind once."""
    return {_kind(member, curve): curve.parts(of) for member, (curve, _) in service.curves.items()}


def _untrimmed(
    drawn: dict[Member, HistogramDistribution], weights: dict[Member, np.ndarray], draws: int
) -> dict[str, float]:
    pool = Pool(members=list(drawn.values()), weights=np.array([float(weights[member]) for member in drawn]))
    values = pool.quantiles()
    errors = {name: pool.quantile_se_of_common_draws(value, draws) for name, value in values.items()}
    errors["mean"] = pool.mean_se_of_common_draws(draws)
    return _row(draws, values | {"mean": pool.mean()}, errors)


def _at_center(service: Service, middle: Shared, workload: str) -> dict[Member, tuple[np.ndarray, dict[str, float]]]:
    """GPU-seconds per point of a workload, and Wh per GPU-second by boundary, everything shared at its median."""
    of, cached = service.lengths[workload], uncertainty.cached_share(middle, workload)
    energies = service.per_gpu_second(middle)
    return {
        member: (
            np.asarray(gpu_seconds(curve.coefficients(), curve.parts(of), cached)),
            {boundary: float(value) for boundary, value in energies[member].items()},
        )
        for member, (curve, _) in service.curves.items()
    }


def _per_query(service: Service, fixed: dict, weights: dict[Member, np.ndarray], workload: str, boundary: str) -> dict:
    of = service.lengths[workload]
    fixed = [fixed[member] for member in weights]
    energies = np.concatenate([query_wh(gpu_seconds=s, wh_per_gpu_second=of[boundary]) for s, of in fixed])
    shares = np.concatenate([of.weights * float(weight) for weight in weights.values()])
    values = quantiles.of_weighted(energies, shares)
    return _row(1, values, dict.fromkeys(values, 0.0))


def _shared(means: np.ndarray, draws: int) -> dict:
    ordered = np.sort(np.broadcast_to(means, (draws,)))  # once, for the quantiles and their errors
    return _row(draws, quantiles.of_draws(ordered), quantiles.standard_errors(ordered))


def _row(draws: int, values: dict[str, float], errors: dict[str, float]) -> dict:
    return (
        {"draws": draws}
        | quantiles.columns("energy_wh", values)
        | quantiles.columns("energy_wh", errors, "_se")
        | {"energy_wh_p50_relative_se": errors["p50"] / values["p50"]}
    )
