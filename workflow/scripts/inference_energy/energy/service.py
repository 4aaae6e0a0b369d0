"""A service: a study with everything resolved that its energies are computed from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy import gpu_second, uncertainty
from inference_energy.energy.assumptions import Assumptions
from inference_energy.energy.uncertainty import Shared
from inference_energy.requests.lengths import Lengths
from inference_energy.studies.study import BOUNDARIES, NestedStudy
from inference_energy.throughput.gpu_time import NOTHING, Curve, gpu_seconds

Member = tuple[str, str, str]  # model, GPU, precision


@formula(unit="Wh", source="arithmetic")
def query_wh(*, gpu_seconds: Quantity, wh_per_gpu_second: Quantity) -> Quantity:
    """Energy of a query: its GPU time at the offline maximum of throughput times the energy that goes with it."""
    return gpu_seconds * wh_per_gpu_second


@dataclass(frozen=True, kw_only=True)
class Service:
    """A study with everything resolved that its energies are computed from.

    Attributes:
        name: name of the study.
        study: its entries.
        given: the distributions of the shared uncertainty.
        curves: by member, its curve and the log deviation of what the curve misses.
        lengths: by workload.
        ranges: by member, the prompt and answer lengths of the rows behind its curve.
        boundaries: those that energies are computed for.
    """

    name: str
    study: NestedStudy
    given: Assumptions
    curves: dict[Member, tuple[Curve, float]]
    lengths: dict[str, Lengths]
    ranges: dict[Member, tuple[tuple[float, float], tuple[float, float]]]
    boundaries: tuple[str, ...] = BOUNDARIES

    def narrowed(self, subject: str, workloads: Iterable[str], boundaries: Iterable[str] = BOUNDARIES) -> "Service":
        """The same service with one subject, some workloads and some boundaries only."""
        kind, name = self.subjects()[subject]
        alone = self.study.replaced(classes={name: self.study.classes[name]})
        study = self.study.model_alone(subject) if kind == "model" else alone
        return replace(
            self,
            study=study,
            curves={member: self.curves[member] for member in study.members()},
            lengths={workload: self.lengths[workload] for workload in workloads},
            boundaries=tuple(dict.fromkeys(boundaries)),
        )

    def subjects(self) -> dict[str, tuple[str, str]]:
        """Everything that gets a row: kind, and the class it belongs to, by name; models first, then classes."""
        return self.study.subjects()

    def weights(self, subject: str, shared: Shared | None = None) -> dict[Member, np.ndarray]:
        """Weight of every member of a subject, of the study or as drawn; they sum to 1."""
        kind, model_class = self.subjects()[subject]
        if kind == "model":
            models = {subject: np.ones(())}
        elif shared is None:
            models = {model: np.asarray(weight) for model, weight in self.study.classes[subject].model_shares().items()}
        else:
            models = shared.mix[subject]
        return self.study.by_member(model_class, models)

    def per_gpu_second(self, shared: Shared) -> dict[Member, dict[str, np.ndarray]]:
        """Energy per GPU-second of every member's curve, what the curve misses included, Wh, by boundary."""
        found, by_node = {}, {}
        for member in self.curves:
            model, gpu, _ = member
            node = (model if self.given.rated_w else None, gpu)
            if node not in by_node:
                by_node[node] = gpu_second.wh_per_gpu_second(self.given, shared, model, gpu)
            factor = self.seconds_factor(shared, member)
            found[member] = {boundary: by_node[node][boundary] * factor for boundary in self.boundaries}
        return found

    def seconds_factor(self, shared: Shared, member: Member) -> np.ndarray:
        """Factor on the GPU-seconds of a member's curve: what the curve misses, and what a latency target costs."""
        # ASSUME: what a latency target costs in energy it costs in GPUs: power falls little with smaller batches.
        model, gpu, _ = member
        missed = uncertainty.fit_factor(shared, model, self.curves[member][1])
        return missed * uncertainty.latency_factor(shared, gpu)

    def mean_seconds(
        self, shared: Shared, workload: str, member: Member, divisors: Mapping[str, Quantity] = NOTHING
    ) -> np.ndarray:
        """Mean GPU-seconds of a workload's queries by the curve of a member, at every draw of the cached share."""
        curve, of = self.curves[member][0], self.lengths[workload]
        parts = curve.parts(of).means(of.weights)  # GPU time is linear in them
        cached = uncertainty.cached_share(shared, workload)
        return gpu_seconds(curve.coefficients(), parts, cached, divisors)

    def mean_wh(
        self,
        shared: Shared,
        subject: str,
        workload: str,
        per_gpu_second: dict[Member, dict[str, np.ndarray]],
        divisors: Mapping[str, Quantity] = NOTHING,
    ) -> dict[str, np.ndarray]:
        """Mean energy of a subject's queries at every draw of the shared uncertainty, Wh, by boundary.

        No queries are drawn, so the mean has no sampling error of queries, however few the shared draws are.

        Args:
            shared: draws of the shared uncertainty.
            subject: model or class.
            workload: name of the workload.
            per_gpu_second: `Service.per_gpu_second` of those draws.
            divisors: what interventions divide the parts of the GPU time by.
        """
        totals = dict.fromkeys(self.boundaries, np.zeros(()))
        for member, weight in self.weights(subject, shared).items():
            seconds = weight * self.mean_seconds(shared, workload, member, divisors)
            for boundary, energy in per_gpu_second[member].items():
                totals[boundary] = totals[boundary] + query_wh(gpu_seconds=seconds, wh_per_gpu_second=energy)
        return totals

    def extrapolated_share(self, subject: str, workload: str) -> float:
        """Share of queries with a length outside those of the rows behind the curve that serves them."""
        of = self.lengths[workload]
        return sum(
            float(weight) * of.share_outside(*self.ranges[member]) for member, weight in self.weights(subject).items()
        )

    def borrowed_share(self, subject: str, borrowed: set[Member]) -> float:
        """Share of queries that are served by a member whose curve is transferred from a related model or GPU."""
        return sum((float(weight) for member, weight in self.weights(subject).items() if member in borrowed), start=0.0)
