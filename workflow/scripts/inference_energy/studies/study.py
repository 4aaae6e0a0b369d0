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
    """A GPU and number format, and its share of the GPUs that serve; shares need not sum to 1."""

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
    """How tokens per second depend on the lengths of a query, by the published method.

    Attributes:
        form: `log_linear`.
        sources: folders of `resources/benchmarks` whose rows are used.
        gpus: GPUs whose rows are used; none: all.
        corrected: whether known errors of rows are put right first.
        precision: number format of the weights in the rows that are used.
        minimum_rows: rows that a model needs for slopes.
    """

    form: str
    sources: tuple[str, ...]
    gpus: tuple[str, ...] | None = None
    corrected: bool
    precision: str
    minimum_rows: int


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
        levers: interventions of scenarios that have any, by their names.
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


class NestedIntervention(Entries):
    """One intervention by method `nested`: a change of the study.

    Attributes:
        label: name in figures.
        level: who can do it: model, serving, hardware or workload.
        changes: entries of the study that it changes, as a study that extends it would have them.
        evidence: name of its pairs in table `intervention_pairs`; none where no two runs differ in it alone.
        source: where the size of the change stands.
    """

    label: str
    level: str
    changes: dict[str, Any]
    evidence: str | None = None
    source: str


class NestedInterventions(Entries):
    """Interventions by method `nested`.

    Attributes:
        subject: class that they are applied to.
        workloads: those that they are applied to.
        levers: by name.
    """

    subject: str
    workloads: tuple[str, ...]
    levers: Mapping[str, NestedIntervention]


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
        form: `measured`: boards by the serving model, hosts by `resources/node_power.csv`; `rated`: `node_kw` times
            `utilisation`.
        node_kw: maximum power of a node, kW.
        utilisation: share of that power really drawn.
        board_factor: factor on the power of boards that lower clocks leave at the same speed; none: 1.
    """

    form: str
    node_kw: NodePowerKw | None = None
    utilisation: Spec | None = None
    board_factor: Spec | None = None


class Serving(Entries):
    """Where the services of a study run: a speed, a time per token or a batch, one of the three.

    Attributes:
        speed_tok_per_s: tokens a second that a user sees after the first one, in the busiest hour.
        time_per_token_ms: the time between two of them, ms.
        batch: most running requests of a replica; fewer where its memory holds fewer.
        replica_gpus: GPUs that a replica may have; the least energy decides.
        speculative_share: share of the services that decode speculatively; none: 0.
        engine: name of the engine in the corpus; none: that of any service.
        disaggregated: whether prompts have GPUs of their own.
    """

    speed_tok_per_s: Spec | None = None
    time_per_token_ms: float | None = None
    batch: float | None = None
    replica_gpus: tuple[int, ...]
    speculative_share: float | None = None
    engine: str | None = None
    disaggregated: bool | None = None


class Day(Entries):
    """The day of a fleet.

    Attributes:
        arrivals: workload of `resources/services` whose requests by hour have the shape of the day; none: constant.
        headroom: capacity over the requests of the busiest hour, at least 1.
        released_share: share of the replicas not needed in an hour that are switched off or do other work.
    """

    arrivals: str | None = None
    headroom: Spec
    released_share: Spec


class Study(Entries):
    """What studies of both methods say.

    Attributes:
        title: name in figures.
        description: what the study is, in one sentence.
        source: where its assumptions stand.
        method: `published` or `nested`.
        workloads: kinds of queries by name.
        classes: classes of models by name.
        pue: power usage effectiveness: energy of the datacenter over that of its IT.
        compared_estimates: estimates, `<source>/<row_id>`, that the study is compared with.
    """

    title: str
    description: str
    source: str
    method: str
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
        throughput: how tokens per second depend on the lengths of a query.
        node_power_kw: maximum power of a node, kW.
        power_utilisation: share of that power really drawn.
        as_published: what the publication did to its draws.
        interventions: what could save energy.
        fleet: queries of one day, and what serves them.
    """

    throughput: Throughput
    node_power_kw: NodePowerKw
    power_utilisation: Spec
    as_published: AsPublished
    interventions: PublishedInterventions
    fleet: PublishedFleet


class NestedStudy(Study):
    """A study of method `nested`, which separates variability between queries and shared uncertainty.

    Attributes:
        boundary: what is metered.
        serving: where the services run.
        hardware: GPUs that serve every class that says nothing else; shares are of GPUs.
        hardware_concentration: concentration of the Dirichlet distribution of these shares; none: they are known.
        power: where the power of boards and hosts comes from.
        day: arrivals over the day, and the replicas kept for them.
        overheads: rows of `resources/overheads.csv`, shares of the energy of the serving nodes that are added.
        interventions: what could save energy.
        fleet: queries of one day, and what serves them.
        sweeps: by assumption, values to try; none: nothing is swept.
        grids: pairs of assumptions that are varied together, by name; none: none.
    """

    boundary: Boundaries
    serving: Serving
    hardware: tuple[HardwareShare, ...]
    hardware_concentration: float | None
    power: Power
    day: Day
    overheads: tuple[str, ...]
    interventions: NestedInterventions
    fleet: NestedFleet
    sweeps: Mapping[str, tuple[float, ...]] | None
    grids: Mapping[str, Mapping[str, tuple[float, ...]]] | None

    def hardware_mix(self, model_class: str) -> list[HardwareShare]:
        """GPUs and number formats that serve a class; their shares sum to 1, and a share of 0 is left out."""
        mix = self.classes[model_class].hardware or self.hardware
        total = sum(entry.share for entry in mix)
        return [entry.replaced(share=entry.share / total) for entry in mix if entry.share > 0]

    def subjects(self) -> dict[str, tuple[str, str]]:
        """Everything that gets a row: kind, and the class it belongs to, by name; models first, then classes."""
        models = {model: ("model", name) for model, name in self.model_classes().items()}
        return models | {name: ("class", name) for name in self.classes}

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
