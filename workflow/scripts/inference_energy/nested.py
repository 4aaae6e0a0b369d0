"""Energy of a query with the two kinds of spread kept apart: what differs between queries, and what all share."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import polars as pl

from inference_energy import fleet_factors, quantiles
from inference_energy.energy import CHUNK_DRAWS, pooled_density
from inference_energy.fleet_factors import BOUNDARIES, Assumptions, Shared
from inference_energy.histogram import HistogramDistribution, LogHistogram
from inference_energy.lengths import Lengths
from inference_energy.pool import Pool
from inference_energy.random_streams import stream
from inference_energy.serving import (
    NOTHING,
    Curve,
    QueryParts,
    SecondsCurve,
    gpu_seconds,
    hardware_mix,
    members,
    model_alone,
    model_classes,
    model_weights,
)

Member = tuple[str, str, str]  # model, GPU, precision


@dataclass(frozen=True, kw_only=True)
class Service:
    """A study with everything resolved that its energies are computed from.

    Attributes:
        name: name of the study.
        study: its entries.
        given: the laws of what its fleet shares.
        curves: by member, its curve and the log deviation of what the curve misses.
        lengths: by workload.
        ranges: by member, the prompt and answer lengths of the rows behind its curve.
        boundaries: those that energies are computed for.
    """

    name: str
    study: dict
    given: Assumptions
    curves: dict[Member, tuple[Curve, float]]
    lengths: dict[str, Lengths]
    ranges: dict[Member, tuple[tuple[float, float], tuple[float, float]]]
    boundaries: tuple[str, ...] = BOUNDARIES

    def narrowed(self, subject: str, workloads: Iterable[str], boundaries: Iterable[str] = BOUNDARIES) -> "Service":
        """The same service without what a question does not ask: other models or classes, workloads and boundaries."""
        kind, name = self.subjects()[subject]
        alone = self.study | {"classes": {name: self.study["classes"][name]}}
        study = model_alone(self.study, subject) if kind == "model" else alone
        return replace(
            self,
            study=study,
            curves={member: self.curves[member] for member in members(study)},
            lengths={workload: self.lengths[workload] for workload in workloads},
            boundaries=tuple(dict.fromkeys(boundaries)),
        )

    def subjects(self) -> dict[str, tuple[str, str]]:
        """Everything that gets a row: kind, and the class it belongs to, by name; models first, then classes."""
        models = {model: ("model", name) for model, name in model_classes(self.study).items()}
        return models | {name: ("class", name) for name in self.study["classes"]}

    def weights(self, subject: str, shared: Shared | None = None) -> dict[Member, np.ndarray]:
        """Weight of every member of a subject, of the study or as drawn; they sum to 1."""
        kind, model_class = self.subjects()[subject]
        if kind == "model":
            models = {subject: np.ones(())}
        elif shared is None:
            models = {model: np.asarray(weight) for model, weight in model_weights(self.study, subject).items()}
        else:
            models = shared.mix[subject]
        mix = hardware_mix(self.study, model_class)
        return {
            (model, entry["gpu"], entry["precision"]): weight * entry["share"]
            for model, weight in models.items()
            for entry in mix
        }

    def per_gpu_second(self, shared: Shared) -> dict[Member, dict[str, np.ndarray]]:
        """Energy per GPU-second of every member's curve, what the curve misses included, Wh, by boundary."""
        found, by_node = {}, {}
        for member in self.curves:
            model, gpu, _ = member
            node = (model if self.given.rated_w else None, gpu)
            if node not in by_node:
                by_node[node] = fleet_factors.wh_per_gpu_second(self.given, shared, model, gpu)
            factor = self.seconds_factor(shared, member)
            found[member] = {boundary: by_node[node][boundary] * factor for boundary in self.boundaries}
        return found

    def seconds_factor(self, shared: Shared, member: Member) -> np.ndarray:
        """Factor on the GPU-seconds of a member's curve: what the curve misses, and what a latency target costs."""
        # ASSUME: what a latency target costs in energy it costs in GPUs: power falls little with smaller batches.
        model, gpu, _ = member
        missed = fleet_factors.fit_factor(shared, model, self.curves[member][1])
        return missed * fleet_factors.latency_factor(shared, gpu)

    def mean_seconds(
        self, shared: Shared, workload: str, member: Member, divisors: Mapping[str, np.ndarray | float] = NOTHING
    ) -> np.ndarray:
        """Mean GPU-seconds of a workload's queries by the curve of a member, at every draw of the cached share."""
        curve, of = self.curves[member][0], self.lengths[workload]
        parts = curve.parts(of).means(of.weights)  # GPU time is linear in them
        cached = fleet_factors.cached_share(shared, workload)
        return np.asarray(gpu_seconds(curve.coefficients(), parts, cached, divisors))

    def mean_wh(
        self,
        shared: Shared,
        subject: str,
        workload: str,
        per_gpu_second: dict[Member, dict[str, np.ndarray]],
        divisors: Mapping[str, np.ndarray | float] = NOTHING,
    ) -> dict[str, np.ndarray]:
        """Mean energy of a subject's queries at every draw of what the fleet shares, Wh, by boundary.

        No queries are drawn for it, so it has no sampling error of queries, however few the shared draws are.

        Args:
            shared: draws of what the fleet shares.
            subject: model or class.
            workload: name of the workload.
            per_gpu_second: `Service.per_gpu_second` of those draws.
            divisors: what interventions divide the parts of the GPU time by.
        """
        totals = dict.fromkeys(self.boundaries, np.zeros(()))
        for member, weight in self.weights(subject, shared).items():
            seconds = weight * self.mean_seconds(shared, workload, member, divisors)
            for boundary, energy in per_gpu_second[member].items():
                totals[boundary] = totals[boundary] + seconds * energy
        return totals

    def extrapolated_share(self, subject: str, workload: str) -> float:
        """Share of queries with a length outside those of the rows behind the curve that serves them."""
        of = self.lengths[workload]
        return sum(
            float(weight) * of.share_outside(*self.ranges[member]) for member, weight in self.weights(subject).items()
        )

    def borrowed_share(self, subject: str, borrowed: set[Member]) -> float:
        """Share of queries that are served by a member whose curve is borrowed."""
        return sum((float(weight) for member, weight in self.weights(subject).items() if member in borrowed), start=0.0)


def energy_per_query(
    service: Service, *, borrowed: set[Member], draws: int, fleet_draws: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Energy of one query for every workload, subject, boundary and kind of spread.

    - `untrimmed`: a query about which nothing is known, both kinds of spread together (Monte Carlo, `draws`);
    - `per_query`: how queries of one fleet differ, everything shared at its median (by summation);
    - `shared`: how well the mean over queries is known (Monte Carlo over what is shared, `fleet_draws`).

    Returns:
        The summary; and the density of the untrimmed draws at the study's boundary, for figures.
    """
    shared = fleet_factors.shared_draws(service.given, service.name, draws, seed)
    histograms = _simulate(service, shared, draws, seed)
    fleet = shared.slice(slice(0, fleet_draws))
    fleet_energy = service.per_gpu_second(fleet)
    middle = fleet_factors.central(service.given)
    boundary_of_queries = service.study["boundary"]["query"]
    summary, density = [], []
    for workload in service.lengths:
        # Taken out: counts of a workload that is done are memory that the next one can use.
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
    """Histograms of query energies, Wh, by workload, member and boundary: a query per draw of what is shared."""
    found: dict[tuple[str, Member, str], LogHistogram] = defaultdict(LogHistogram)
    generators = {workload: stream(seed, service.name, "lengths", workload) for workload in service.lengths}
    parts = {workload: _parts(service, of) for workload, of in service.lengths.items()}
    for start in range(0, draws, CHUNK_DRAWS):
        here = shared.slice(slice(start, min(start + CHUNK_DRAWS, draws)))
        energies = service.per_gpu_second(here)
        for workload, of in service.lengths.items():
            points = of.drawn(generators[workload], len(here.values["load"]))
            cached = fleet_factors.cached_share(here, workload)
            drawn = {kind: of_kind.at(points) for kind, of_kind in parts[workload].items()}
            for member, (curve, _) in service.curves.items():
                seconds = gpu_seconds(curve.coefficients(), drawn[_kind(member, curve)], cached)
                for boundary, energy in energies[member].items():
                    found[workload, member, boundary].add(seconds * energy)
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
    of, cached = service.lengths[workload], fleet_factors.cached_share(middle, workload)
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
    energies = np.concatenate([fixed[member][0] * fixed[member][1][boundary] for member in weights])
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
