"""A resolved study as a typed, frozen object: what each of its entries means, and what follows from several of them.

The keys are those of `config/studies/*.yaml`; the closed schemas `workflow/schemas/study_*.schema.yaml` say which
values are allowed. An optional entry that is left out is None.
"""

from collections.abc import Mapping
from dataclasses import fields
from types import NoneType
from typing import Any, Self, get_args

from inference_energy.common.errors import InputError, one_of
from inference_energy.studies.entries import Entries

# Workloads that every study has and a fleet serves.
WORKLOADS = ("traditional", "long")
# What is metered, from the narrowest to the widest.
BOUNDARIES = ("gpu_boards", "node", "datacenter", "fleet")

Spec = float | dict[str, Any]  # of a distribution: a number that is known, or a mapping such as {family, p05, p95}


class Workload(Entries):
    """One kind of query.

    Attributes:
        label: name in figures.
        trace: trace whose prompts and answers came together; none: the two lengths below.
        input_tokens: prompt length, tokens.
        output_tokens: answer length, tokens.
        cached_share: share of the prompts that is in the cache; none: what the trace says, or 0.
    """

    label: str
    trace: str | None = None
    input_tokens: Spec | None = None
    output_tokens: Spec | None = None
    cached_share: Spec | None = None


class HardwareShare(Entries):
    """A GPU and number format, and its share of what serves; shares need not sum to 1."""

    gpu: str
    precision: str
    share: float


class ModelClass(Entries):
    """A class of models by size.

    Attributes:
        label: name in figures.
        weights: by model, weight of its queries; they need not sum to 1, and 0 leaves the model out.
        total_parameters_billions_over: method `published`: size that every model exceeds, billions of parameters.
        model_class: method `nested`: class that every model is of in `resources/models.csv`.
        mix_concentration: concentration of the Dirichlet distribution of the weights; none: they are known.
        hardware: what serves this class; none: what serves all.
    """

    label: str
    weights: Mapping[str, float]
    total_parameters_billions_over: float | None = None
    model_class: str | None = None
    mix_concentration: float | None = None
    hardware: tuple[HardwareShare, ...] | None = None

    def model_shares(self) -> dict[str, float]:
        """Share of the class's queries by model, models of weight 0 left out; they sum to 1."""
        weights = {model: weight for model, weight in self.weights.items() if weight > 0}
        total = sum(weights.values())
        return {model: weight / total for model, weight in weights.items()}


class NodePowerKw(Entries):
    """Maximum power of an 8-GPU node, kW, and of the nodes that serve some models instead."""

    default: float
    by_model: Mapping[str, float] | None = None

    def of_model(self, model: str) -> float:
        """Maximum power of the node that serves a model, kW."""
        return (self.by_model or {}).get(model, self.default)


class Throughput(Entries):
    """How tokens per second depend on the lengths of a query.

    Attributes:
        form: `gpu_seconds` or `log_linear`.
        fit_error: method `nested`: whether what a curve misses is carried into the energy.
        sources: folders of `resources/benchmarks` whose rows are used; none: all.
        gpus: GPUs whose rows are used; none: all.
        corrected: whether known errors of rows are put right first.
        precision: number format of the weights in the rows that are used.
        minimum_rows: rows that a model needs for slopes.
    """

    form: str
    fit_error: bool | None = None
    sources: tuple[str, ...] | None = None
    gpus: tuple[str, ...] | None = None
    corrected: bool | None = None
    precision: str | None = None
    minimum_rows: int | None = None


class Scenario(Entries):
    """One day of a fleet: its name in figures, the share of long queries, whether interventions are applied."""

    label: str
    long_share: float
    interventions: bool


class _Fleet(Entries):
    """Queries of one day, and what serves them.

    Attributes:
        subject: class that serves the fleet.
        queries_per_day: number of queries.
        scenarios: by name.
    """

    subject: str
    queries_per_day: float
    scenarios: Mapping[str, Scenario]


class PublishedFleet(_Fleet):
    """A fleet by the published method.

    Attributes:
        overheads: by workload, rows of `resources/overheads.csv` that multiply its energy.
        serving_multiplier: by workload, factor by which serving can divide its energy.
    """

    overheads: Mapping[str, tuple[str, ...]]
    serving_multiplier: Mapping[str, Spec]


class NestedFleet(_Fleet):
    """A fleet by method `nested`.

    Attributes:
        levers: interventions of scenarios that have any, rows of `resources/interventions.csv`.
        grid_zone: row of `resources/grid.csv`; none: no emissions, no water of generation.
        onsite_water_l_per_kwh: water used on site per kWh of IT energy, L/kWh.
    """

    levers: tuple[str, ...]
    grid_zone: str | None = None
    onsite_water_l_per_kwh: Spec | None = None


class PublishedIntervention(Entries):
    """One intervention by the published method.

    Attributes:
        label: name in figures.
        level: where it acts.
        p05: P5 of the factor by which it divides the energy.
        p95: P95 of that factor.
        workloads: those that it acts on.
    """

    label: str
    level: str
    p05: float
    p95: float
    workloads: tuple[str, ...]

    @property
    def multiplier(self) -> Spec:
        """Distribution of the factor by which it divides the energy."""
        return {"family": "lognormal", "p05": self.p05, "p95": self.p95}


class PublishedInterventions(Entries):
    """Class that interventions are applied to, and the interventions by name."""

    subject: str
    levers: Mapping[str, PublishedIntervention]


class NestedInterventions(Entries):
    """Interventions by method `nested`.

    Attributes:
        subject: class that they are applied to.
        workloads: those that they are applied to.
        overlap: how much of what interventions of one group save is the same, share of 1.
        levers: rows of `resources/interventions.csv`.
    """

    subject: str
    workloads: tuple[str, ...]
    overlap: float
    levers: tuple[str, ...]


class AsPublished(Entries):
    """What the publication did to its draws.

    Attributes:
        trimming: shares that the draws of each model are cut to, one after the other.
        draws_per_model: size of the published run, for its sampling error.
    """

    trimming: tuple[tuple[float, float], ...]
    draws_per_model: int


class Boundaries(Entries):
    """Boundaries, each one of `BOUNDARIES`, that the energies of queries and of fleets are given at."""

    query: str
    fleet: str


class Power(Entries):
    """Where the power of boards and hosts comes from.

    Attributes:
        form: `measured`: `resources/node_power.csv`; `rated`: `node_kw` times `utilisation`.
        node_kw: maximum power of a node, kW.
        utilisation: share of that power really drawn.
    """

    form: str
    node_kw: NodePowerKw | None = None
    utilisation: Spec | None = None


class OperatingPoint(Entries):
    """Where a service runs: a speed, a time per token or a batch, one of the three.

    Attributes:
        label: name in tables and figures.
        speed_tok_per_s: tokens a second that a user sees after the first one.
        time_per_token_ms: the largest time between two of them, ms.
        batch: running requests of a replica.
        speculative_share: share of the queries that are served with speculative decoding; none: 0.
    """

    label: str
    speed_tok_per_s: Spec | None = None
    time_per_token_ms: float | None = None
    batch: float | None = None
    speculative_share: float | None = None


class Serving(Entries):
    """How the serving model serves the classes of a study.

    Attributes:
        replica_gpus: GPUs that a replica may have; the least energy decides.
        engine: name of the engine in the corpus; none: that of any service.
        disaggregated: whether prompts have GPUs of their own.
        operating_points: by name.
    """

    replica_gpus: tuple[int, ...]
    operating_points: Mapping[str, OperatingPoint]
    engine: str | None = None
    disaggregated: bool | None = None


class Study(Entries):
    """What studies of both methods say.

    Attributes:
        title: name in figures.
        description: what the study is, in one sentence.
        source: where its assumptions stand.
        method: `published` or `nested`.
        throughput: how tokens per second depend on the lengths of a query.
        workloads: kinds of queries by name.
        classes: classes of models by name.
        pue: power usage effectiveness: energy of the datacenter over that of its IT.
        compared_estimates: estimates, `<source>/<row_id>`, that the study is compared with.
    """

    title: str
    description: str
    source: str
    method: str
    throughput: Throughput
    workloads: Mapping[str, Workload]
    classes: Mapping[str, ModelClass]
    pue: Spec
    compared_estimates: tuple[str, ...]

    def model_classes(self) -> dict[str, str]:
        """Class that every model is served in, by model; where classes share a model the first of them."""
        return {model: name for name in reversed(self.classes) for model in self.classes[name].model_shares()}

    def model_alone(self, model: str) -> Self:
        """The study of one model: its class, every query of which that model serves; nothing of other models.

        Raises:
            InputError: a model that no class of the study is served by.
        """
        known = self.model_classes()
        if model not in known:
            raise InputError(f"model: found {model!r}; allowed: {one_of(known)}, which the study serves")
        alone = self.classes[known[model]].replaced(mix_concentration=None, weights={model: 1})
        return self.replaced(classes={known[model]: alone})


class PublishedStudy(Study):
    """A study of method `published`, which draws every assumption anew for every query.

    Attributes:
        node_power_kw: maximum power of a node, kW.
        power_utilisation: share of that power really drawn.
        as_published: what the publication did to its draws.
        interventions: what could save energy.
        fleet: queries of one day, and what serves them.
    """

    node_power_kw: NodePowerKw
    power_utilisation: Spec
    as_published: AsPublished
    interventions: PublishedInterventions
    fleet: PublishedFleet


class NestedStudy(Study):
    """A study of method `nested`, which separates variability between queries and shared uncertainty.

    Attributes:
        boundary: what is metered.
        hardware: what serves every class that says nothing else.
        power: where the power of boards and hosts comes from.
        load: share of the time that a node is busy.
        latency_target_ms: largest latency between tokens of an answer, ms; none: no limit.
        attainment: share of the offline throughput that a busy node reaches.
        overheads: rows of `resources/overheads.csv`, shares of the energy of the serving nodes that are added.
        interventions: what could save energy.
        fleet: queries of one day, and what serves them.
        sweeps: by assumption, values to try; none: nothing is swept.
        serving: operating points that the serving model predicts; none: none.
    """

    boundary: Boundaries
    hardware: tuple[HardwareShare, ...]
    power: Power
    load: Spec
    latency_target_ms: float | None
    attainment: Spec
    overheads: tuple[str, ...]
    interventions: NestedInterventions
    fleet: NestedFleet
    sweeps: Mapping[str, tuple[float, ...]] | None
    serving: Serving | None

    def hardware_mix(self, model_class: str) -> list[HardwareShare]:
        """GPUs and number formats that serve a class; their shares sum to 1, and a share of 0 is left out."""
        mix = self.classes[model_class].hardware or self.hardware
        total = sum(entry.share for entry in mix)
        return [entry.replaced(share=entry.share / total) for entry in mix if entry.share > 0]

    def subjects(self) -> dict[str, tuple[str, str]]:
        """Everything that gets a row: kind, and the class it belongs to, by name; models first, then classes."""
        models = {model: ("model", name) for model, name in self.model_classes().items()}
        return models | {name: ("class", name) for name in self.classes}

    def by_member(self, model_class: str, weights: Mapping[str, Any]) -> dict[tuple[str, str, str], Any]:
        """Weights of models of a class, spread over the GPUs and number formats that serve it."""
        mix = self.hardware_mix(model_class)
        return {
            (model, entry.gpu, entry.precision): weight * entry.share
            for model, weight in weights.items()
            for entry in mix
        }

    def members(self) -> list[tuple[str, str, str]]:
        """Every model, GPU and number format that some class is served with, each once, in order."""
        found = [
            (model, entry.gpu, entry.precision)
            for name, of in self.classes.items()
            for model in of.model_shares()
            for entry in self.hardware_mix(name)
        ]
        return list(dict.fromkeys(found))


BY_METHOD = {"published": PublishedStudy, "nested": NestedStudy}


def part(entries: Mapping[str, Any]) -> PublishedStudy | NestedStudy:
    """The part of a study that holds the given entries, among them its `method`; all others raise an error."""
    return BY_METHOD[entries["method"]].of(entries)


def whole(entries: Mapping[str, Any]) -> PublishedStudy | NestedStudy:
    """The study whose entries are all given, as the schema of its `method` allows; what is left out is None."""
    optional = [field.name for field in fields(BY_METHOD[entries["method"]]) if NoneType in get_args(field.type)]
    return part(dict.fromkeys(optional) | entries)
