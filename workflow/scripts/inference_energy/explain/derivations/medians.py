"""Where a service runs, with every input at its median: the chain from rows to the energy of a query, all of it traced.

All tables of studies of method `nested` rest on it: GPU-seconds of a query by the serving model, times the energy that
goes with a GPU-second, over the models and GPUs that serve. Shared uncertainty is at its median. Of the draws of the
serving model, each weighted by how probable it is at the operating point, the one in the middle is shown, for every
model and GPU its own.
"""

from dataclasses import replace

from inference_energy.common.step import Node, Value, computed, listed, number
from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.operated import query_wh
from inference_energy.energy.service import Service
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import kept
from inference_energy.explain.derivations.power import Power
from inference_energy.explain.sources import constant
from inference_energy.explain.trace import Traced, leaf, named, node_of
from inference_energy.fleet import sweeps, tornado
from inference_energy.serving import operating_point
from inference_energy.studies.study import WORKLOADS

OVER_SHARED = "over weighted draws of the shared uncertainty; the closed form has every input at its median"
MIDDLE = (
    "shared uncertainty at its median; of every model and GPU the draw of the serving model in the middle of those that"
    " count, drawn around the fitted values that stand below"
)


class Situation(Power):
    """Subject, workload and boundary of a question, and the mean energy of its queries."""

    @classmethod
    def of(cls, asked: Asked, **changes: str) -> "Situation":
        """That of a row."""
        facts = asked.row | changes
        names = ("study", "subject", "workload", "boundary")
        build, (study, subject) = asked.build, (facts["study"], facts["subject"])

        def read() -> Situation:
            narrowed = build.service(study).narrowed(subject)
            service = build.once("median", study, subject, read=lambda: with_medians(narrowed))
            return cls(asked=asked, service=service, **{name: facts[name] for name in names})

        return build.once("situation", *(facts[name] for name in names), read=read)

    def changed(self, levers: tuple[str, ...]) -> "Situation":
        """The same with interventions of the study applied."""
        known = self.service.study.interventions.levers

        def read() -> Service:
            return with_medians(self.service.changed(*(known[name].changes for name in levers)))

        place = (self.study, self.subject, levers)
        service = self.asked.build.once("changed", *place, read=read)
        place = ("situation", *place, self.workload, self.boundary)
        return self.asked.build.once(*place, read=lambda: replace(self, service=service, levers=levers))

    def with_value(self, parameter: str, value: float, node: Node) -> "Situation":
        """The same with an assumption of a sweep set, as a node says."""
        name = sweeps.NAMES.get(parameter, parameter)
        names = [cached_name(workload) for workload in WORKLOADS] if parameter == "cached_share" else [name]
        service = sweeps.with_value(self.service, parameter, value)
        return replace(self, service=service, sets={**self.sets, **dict.fromkeys(names, node)})

    @kept
    def energy(self) -> Traced:
        """Mean energy of the queries, Wh."""
        total = sum(
            self.share(place)
            * query_wh(gpu_seconds=self.seconds(place), wh_per_gpu_second=self.wh_per_gpu_second(place))
            for place in self.places
        )
        label = f"Mean energy of a {self.workload} query of {self.subject}, {self.boundary}"
        return named(total, label, "E", unit="Wh", about=(self.workload,), note=MIDDLE)

    def node(self, label: str = "", **facts: Value) -> Node:
        """The mean energy as a step; where nothing serves at the medians, what decides that."""
        if self.places:
            return node_of(self.energy(), label, **facts)
        note = "with every input at its median, too few draws reach the operating point"
        return Node(label=f"{label}: none", children=(self.entry("serving"),), note=note)

    @kept
    def share(self, place: int) -> Traced:
        """Share of the queries that a model on a GPU serves."""
        (model, gpu, precision), names = self.service.members.names[place], self.service.members.names
        kind, of_class = self.service.study.subjects()[self.subject]
        mix = {each: float(share[0]) for each, share in self.service.shared.gpus[of_class].items()}
        seconds = self.found.mean_seconds()
        rates = {at: mix[names[at][1:]] / self.at(seconds, at) for at in self.places if names[at][0] == model}
        keys = ("classes", of_class, "hardware") if self.service.study.classes[of_class].hardware else ("hardware",)
        hardware = self.service.study.hardware_mix(of_class)
        at = next(at for at, entry in enumerate(hardware) if (entry.gpu, entry.precision) == (gpu, precision))
        terms = [
            self.entry(*keys, at, "share", symbol="g", label=f"share of {gpu} {precision}", value=mix[gpu, precision]),
            number("s", "GPU-seconds of a query there", self.at(seconds, place), "GPU-seconds"),
            number("G", "g / s of all GPUs that serve the model", sum(rates.values())),
        ]
        formula, note = "g / s / G", "GPUs share the queries of a model by their number and speed"
        if kind == "class":
            entry, weights = ("classes", self.subject, "weights", model), self.weights
            terms += [
                self.entry(*entry, symbol="w", label=f"weight of {model}, all scaled to 1", value=weights[model]),
                number("W", "weights of the models that serve", sum(weights.values())),
            ]
            formula = f"w / W * {formula}"
        label = f"share of the queries, {model}, {gpu}"
        node = computed(label, formula, terms, symbol="share", note=note)
        return leaf(node, about=(model, gpu))


def with_medians(service: Service) -> Service:
    """The same with the shared uncertainty at its median."""
    return service.sharing(tornado.at_medians(service))


def points(asked: Asked) -> list[Node]:
    """What says where services run: the operating point of the study, and the share of the draws that must reach it."""
    fewest = constant(operating_point, "FEWEST_REACHED", "share of the draws that must reach it")
    return [asked.entry("serving", value=None, label="operating point"), fewest]


def over_draws(asked: Asked, form: Node, *others: Node, setting: str = "service_draws") -> Node:
    """The number as a quantile over draws, of which its closed form has every input at its median."""
    name = asked.quantile or ""
    words = f"{name if name == 'mean' else name.upper()} {OVER_SHARED}".strip()
    return asked.node(children=[*others, form, *drawn(asked, setting)], note=words)


def drawn(asked: Asked, setting: str = "service_draws") -> list[Node]:
    """What the draws are of, besides the inputs of the chain."""
    errors = [asked.look_up("serving_errors", "rows", part=part) for part in ("time", "power")]
    fitted = listed(errors, "parts of the serving model, of whose parameters, effects and errors draws are taken")
    return [asked.setting(setting, label="draws of the shared uncertainty"), fitted]
