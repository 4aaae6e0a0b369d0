"""Studies of method `nested` with every input at its median, each number with its source: the leaves of a trace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from inference_energy.common.conversions import W_PER_KW
from inference_energy.energy import uncertainty
from inference_energy.energy.assumptions import rated_node_power_w
from inference_energy.energy.power import GpuPower
from inference_energy.energy.service import Member, Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.explain.asked import Asked, plain
from inference_energy.explain.derivations import distributions, evidence
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.step import Node, number
from inference_energy.explain.trace import Traced, given, leaf, named, node_of
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics.distributions import Distribution
from inference_energy.studies.study import BOUNDARIES, HardwareShare, NestedStudy
from inference_energy.throughput.borrowing import OWN
from inference_energy.throughput.gpu_time import Curve, GpuSeconds, QueryParts, SecondsCurve

SIDES = ("input_tokens", "output_tokens")
SYMBOLS = {"pue": "PUE", "utilisation": "U"}
PARTS = {
    "prefill": ("prompt tokens that no cache is known to hold", "tokens"),
    "decode": ("answer tokens", "tokens"),
    "context": ("prompt × answer tokens", "tokens^2"),
    "growth": ("answer tokens squared", "tokens^2"),
}
POWER_FILE = "node_power.csv"
OVER_SHARED = "over draws of the shared uncertainty; the closed form has every input at its median"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Subject, workload and boundary of a question, with a service of which every number is traced.

    Attributes:
        service: the study.
        shared: shared uncertainty, one value per ingredient.
        subject: model or class.
        workload: name.
        boundary: what is metered.
    """

    service: Service
    shared: Shared
    subject: str
    workload: str
    boundary: str

    @classmethod
    def of(cls, asked: Asked, **changes: str) -> "Situation":
        """That of a row, shared uncertainty at its median."""
        facts = asked.row | changes
        service = traced(asked, facts["study"], facts["subject"])
        names = ("subject", "workload", "boundary")
        return cls(service=service, shared=medians(service), **{name: facts[name] for name in names})

    def energy(self) -> Traced:
        """Mean energy of the queries, Wh."""
        energies = self.service.per_gpu_second(self.shared)
        return self.service.mean_wh(self.shared, self.subject, self.workload, energies)[self.boundary]

    def node(self, label: str = "", **facts: Any) -> Node:
        """The mean energy as a step."""
        return node_of(self.energy(), label, **facts)


def medians(service: Service) -> Shared:
    """Shared uncertainty of a fleet at its median."""
    return uncertainty.central(service.given)


def traced(asked: Asked, study: str, subject: str) -> Service:
    """The part of a study that concerns a subject; every number names its source."""
    return asked.build.once("traced", study, subject, read=lambda: _Leaves(asked, study).service(subject))


def power_of(asked: Asked, study: str, gpu: str) -> GpuPower:
    """Power of a GPU of a study; every number names its source."""
    return _Leaves(asked, study).power(gpu, asked.build.service(study).given.power[gpu])


class TracedService(Service):
    """A service with named steps."""

    def weights(self, subject: str, shared: Shared | None = None) -> dict[Member, Any]:
        """`Service.weights`, each a step."""
        return {
            member: named(weight, f"weight of {member[0]} on {member[1]}", "weight", about=member[:2])
            for member, weight in super().weights(subject, shared).items()
        }

    def mean_wh(self, shared: Shared, subject: str, workload: str, *given: Any) -> dict[str, Any]:
        """`Service.mean_wh`, each a step."""
        words = f"Mean energy of a {workload} query of {subject}"
        return {
            boundary: named(energy, f"{words}, {boundary}", "E", unit="Wh", about=(workload,))
            for boundary, energy in super().mean_wh(shared, subject, workload, *given).items()
        }


@dataclass(frozen=True)
class TracedDistribution:
    """A distribution whose quantiles name their source."""

    distribution: Distribution
    explain: Callable[[float], Node]
    about: tuple[str, ...] = ()

    def quantile(self, share: np.ndarray | float) -> Traced:
        """The value at one share."""
        return leaf(self.explain(float(share)), self.distribution.quantile(np.asarray(share)), about=self.about)


@dataclass(frozen=True, kw_only=True)
class TracedLengths(Lengths):
    """Lengths that name their source.

    Attributes:
        workload: name.
        behind: gives their sources, by side.
        known: by side, the lengths of these sources; other lengths replace them.
    """

    workload: str
    behind: Callable[[], Mapping[str, tuple[Node, ...]]]
    known: Mapping[str, np.ndarray] = field(default_factory=dict)

    def sources(self) -> tuple[Node, ...]:
        """Their sources."""
        found = []
        for side, nodes in self.behind().items():
            if side in self.known and getattr(self, side) is not self.known[side]:
                words = f"{side.replace('_', ' ')}, set in place of the study's entry"
                nodes = (Node(label=words, children=nodes),)
            found += nodes
        return tuple({id(node): node for node in found}.values())  # a joint trace is behind both sides


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """A curve with traced coefficients; the mean parts of its queries are those of the curve that it stands for."""

    coefficients: Callable[[], dict[str, Any]]
    plain: Curve
    words: Mapping[str, tuple[str, str]] = field(default_factory=lambda: PARTS)
    behind: tuple[Node, ...] = ()
    of: TracedLengths | None = None

    def parts(self, of: TracedLengths) -> "_Curve":
        return replace(self, of=of)

    def means(self, weights: np.ndarray) -> QueryParts:
        found, mean = self.plain.parts(self.of).means(weights), ", mean" if len(weights) > 1 else ""
        behind, about = (*self.behind, *self.of.sources()), (self.of.workload,)
        parts = dict.fromkeys(PARTS, 0.0)
        for name, (label, unit) in self.words.items():
            parts[name] = given("", label + mean, getattr(found, name), *behind, about=about, unit=unit)
        return QueryParts(**parts)


def _fields(of: Any) -> dict[str, Any]:
    return {name: getattr(of, name) for name in of.__dataclass_fields__}


class _Leaves:
    """Sources of the numbers of a study."""

    def __init__(self, asked: Asked, study: str):
        self.asked, self.name, self.build = asked, study, asked.build
        self.entries = asked.build.typed_study(study)

    def entry(self, *keys: str | int, **facts: Any) -> Node:
        return self.asked.entry(*keys, study=self.name, **facts)

    def service(self, subject: str) -> TracedService:
        plain = self.build.service(self.name)
        plain = plain.narrowed(subject, plain.lengths, BOUNDARIES)
        given = replace(
            plain.given,
            distributions={
                name: self.distribution(name, distribution) for name, distribution in plain.given.distributions.items()
            },
            power={gpu: self.power(gpu, power) for gpu, power in plain.given.power.items()},
            rated_w={model: self.rated_w(model) for model in plain.given.rated_w},
            mix={name: (self.weights(name, weights), None) for name, (weights, _) in plain.given.mix.items()},
        )
        traced = {
            "given": given,
            "study": self.study(plain.study),
            "curves": {member: self.curve(member, *curve) for member, curve in plain.curves.items()},
            "lengths": {workload: self.lengths(workload, of) for workload, of in plain.lengths.items()},
        }
        return TracedService(**_fields(plain) | traced)

    def leaf(self, *keys: str | int, **facts: Any) -> Traced:
        return leaf(self.entry(*keys, **facts))

    def study(self, entries: NestedStudy) -> NestedStudy:
        """The study's entries with the mix of GPUs and the queries of its fleet traced."""
        fleet = entries.fleet
        classes = {
            name: of.replaced(hardware=self.mix(of.hardware, "classes", name, "hardware")) if of.hardware else of
            for name, of in entries.classes.items()
        }
        scenarios = {
            name: spec.replaced(long_share=self.leaf("fleet", "scenarios", name, "long_share"))
            for name, spec in fleet.scenarios.items()
        }
        return entries.replaced(
            hardware=self.mix(entries.hardware, "hardware"),
            classes=classes,
            fleet=fleet.replaced(queries_per_day=self.leaf("fleet", "queries_per_day"), scenarios=scenarios),
        )

    def mix(self, hardware: tuple[HardwareShare, ...], *keys: str) -> tuple[HardwareShare, ...]:
        def share(place: int, entry: HardwareShare) -> Traced:
            label = f"share of {entry.gpu} {entry.precision}"
            return self.leaf(*keys, place, "share", symbol="share", label=label)

        return tuple(entry.replaced(share=share(place, entry)) for place, entry in enumerate(hardware))

    def weights(self, of_class: str, weights: dict[str, float]) -> dict[str, Traced]:
        def traced(model: str, weight: float) -> Traced:
            label = f"weight of {model}, all scaled to sum to 1"
            return leaf(self.entry("classes", of_class, "weights", model, label=label, symbol="w"), weight)

        return {model: traced(model, weight) for model, weight in weights.items()}

    def distribution(self, name: str, distribution: Distribution) -> Distribution:
        if name in ("boards", "host") or name.startswith("fit error"):
            return distribution  # a share of nodes or curves: the quantile taken at it names the source
        symbol = SYMBOLS.get(name, name.partition(":")[0].replace(" ", "_"))
        return TracedDistribution(
            distribution, lambda share: distributions.at_share(self.asked, self.name, name, share, symbol)
        )

    def rated_w(self, model: str) -> Traced:
        own = ("by_model", model) if model in (self.entries.power.node_kw.by_model or {}) else ("default",)
        node = self.entry("power", "node_kw", *own, label=f"rated power of the node of {model}", unit="kW")
        return rated_node_power_w(node_kw=leaf(node, about=(model,)))

    def power(self, gpu: str, of: GpuPower) -> GpuPower:
        def cell(column: str, unit: str = "", file: str = POWER_FILE) -> Traced:
            node = self.asked.resource(file, {"gpu": gpu}, column, note="derivation", unit=unit, symbol=column)
            return leaf(node, about=(gpu,))

        def distribution(of: Distribution, quantity: str, label: str, unit: str = "") -> TracedDistribution:
            ends = evidence.adopted(self.asked, POWER_FILE, {"gpu": gpu}, quantity)
            if unit == "W":  # of columns in kW
                ends = tuple(
                    (leaf(end) * W_PER_KW).step(f"{label}, {end.symbol}", end.symbol, unit=unit) for end in ends
                )

            def explain(share: float) -> Node:
                words = f"{label}, {distributions.at_words(share)}"
                return distributions.quantile_of(of, share, words, ends, unit=unit)

            return TracedDistribution(of, explain, (gpu,))

        boards, host = "board_saturated_share_of_tdp", "host_saturated_kw_per_gpu"
        return GpuPower(
            tdp_w=cell("tdp_w", "W", "hardware.csv"),
            board_idle=cell("board_idle_share_of_tdp"),
            board_saturated=distribution(of.board_saturated, boards, "saturated board power over TDP"),
            host_idle_w=cell("host_idle_kw_per_gpu", "kW") * W_PER_KW,
            host_saturated=distribution(of.host_saturated, host, "saturated host, per GPU", "W"),
        )

    # Curves

    def curve(self, member: Member, curve: Curve, log_sd: float) -> tuple[_Curve, Any]:
        return self.build.once("curve", self.name, member, read=lambda: self._curve(member, curve, log_sd))

    def _curve(self, member: Member, curve: Curve, log_sd: float) -> tuple[_Curve, Any]:
        row = self.build.row_of_fit(self.name, member)

        def cell(value: float, column: str, symbol: str) -> Traced:
            return leaf(self._coefficient(row, column, symbol), value, about=member[:2])

        error = cell(log_sd, "fit_error_log_sd", "sd") if log_sd else log_sd
        if not isinstance(curve, SecondsCurve):
            words = {"decode": ("GPU-seconds of a query: 8 L_out / TPS(L_in, L_out)", "GPU-s")}
            behind = self._node_curve(row)
            return _Curve(coefficients=curve.coefficients, plain=curve, words=words, behind=behind), error
        names = zip(GpuSeconds.__dataclass_fields__, curves.SYMBOLS.items(), strict=True)
        form = {name: cell(getattr(curve.form, name), *column) for name, column in names}
        return _Curve(coefficients=SecondsCurve(form=GpuSeconds(**form)).coefficients, plain=curve), error

    def _coefficient(self, row: dict, column: str, symbol: str) -> Node:
        if self.name in self.build.methods:
            return self.asked.of("throughput_fit", row, column, symbol)
        # A step of the bridge has no tables of its own; the tables behind its curve exist.
        if row["kinship"] == OWN and row["configuration"]:
            used = self.build.row("throughput_configurations", configuration=row["configuration"])
            return self.asked.of("throughput_configurations", used, column, symbol)
        note, model = f"transferred from kinship {row['kinship']}", row["model"]
        of_class = next(name for name, spec in self.entries.classes.items() if model in spec.weights)
        listed = self.entry("classes", of_class, "weights", model, label=f"{model} in {of_class}")
        return number(symbol, column.replace("_", " "), row[column], note=note, children=(listed,))

    def _node_curve(self, row: dict) -> tuple[Node, ...]:
        names = ("form", "intercept", "slope_input", "slope_output", "cap_tok_per_s", "rows")
        words = ", ".join(f"{name} {plain(row[name])}" for name in names)
        of = self.entries.throughput
        keys = [key for key in ("sources", "precision", "corrected") if getattr(of, key) is not None]
        return (
            curves.log_linear_rows(self.asked, self.name, row["model"]),
            self.entry("throughput", "form", label="log-linear curve", note=words),
            *(self.entry("throughput", key) for key in keys),
        )

    # Lengths

    def lengths(self, workload: str, of: Lengths) -> TracedLengths:
        place, known = ("lengths", self.name, workload), {side: getattr(of, side) for side in SIDES}
        behind = partial(self.build.once, *place, read=lambda: self._sides(workload))
        return TracedLengths(**_fields(of), workload=workload, behind=behind, known=known)

    def _sides(self, workload: str) -> dict[str, tuple[Node, ...]]:
        spec, keys = self.entries.workloads[workload], ("workloads", workload)
        if spec.trace:
            return dict.fromkeys(SIDES, (self._trace(spec.trace, keys),))
        return {side: (self._side(getattr(spec, side), (*keys, side)),) for side in SIDES}

    def _side(self, spec: dict | float, keys: tuple[str, ...]) -> Node:
        if not isinstance(spec, dict):
            return self.entry(*keys, unit="tokens")
        if "trace" in spec:
            return self._trace(spec["trace"], keys)
        node = self.entry(*keys)
        if "task" not in spec:
            return node
        row = self.build.row("output_length_quantiles", **{k: spec[k] for k in ("task", "model")})
        line = self.asked.workload_line(row, label="measured answers, interpolated between quantiles")
        return replace(node, children=(line,))

    def _trace(self, trace: str, keys: tuple[str, ...]) -> Node:
        quantiles = self.build.rows("request_length_quantiles", workload=trace)
        if keys[-1] in SIDES:
            quantiles = quantiles.filter(side=keys[-1].partition("_")[0])
        of_sides = ("request_length_quantiles", quantiles, "tokens_p50", "sides")
        medians = self.asked.each(*of_sides, "median {side} length of the trace").children
        rows = self.build.rows("request_lengths", workload=trace)
        note = f"{len(rows):,} bins of {rows['requests'].sum():,} requests"
        return self.entry(*keys, note=note, children=medians)
