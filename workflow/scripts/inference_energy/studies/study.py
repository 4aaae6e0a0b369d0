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
NODE_GPUS = 8  # of the nodes whose power and throughput studies state

Spec = float | dict[str, Any]  # of a distribution: a number that is known, or a mapping such as {family, p05, p95}


class Workload(Entries):
    """One kind of query."""

    label: str  # name in figures
    trace: str | None = None  # trace whose prompts and answers came together; none: the two lengths below
    input_tokens: Spec | None = None  # prompt length, tokens
    output_tokens: Spec | None = None  # answer length, tokens
    cached_share: Spec | None = None  # share of the prompts that is in the cache; none: what the trace says, or 0


class HardwareShare(Entries):
    """A GPU and number format, and its share of the GPUs that serve; shares need not sum to 1."""

    gpu: str
    precision: str
    share: float


class ModelClass(Entries):
    """A class of models by size."""

    label: str  # name in figures
    weights: Mapping[str, float]  # by model, weight of its queries; they need not sum to 1, and 0 leaves the model out
    # method `published`: size that every model exceeds, billions of parameters
    total_parameters_billions_over: float | None = None
    model_class: str | None = None  # method `nested`: class that every model is of in `resources/models.csv`
    # concentration of the Dirichlet distribution of the weights; none: they are known
    mix_concentration: float | None = None
    hardware: tuple[HardwareShare, ...] | None = None  # what serves this class; none: what serves all

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
    """How tokens per second depend on the lengths of a query, by the published method."""

    form: str  # `log_linear`
    sources: tuple[str, ...]  # folders of `resources/benchmarks` whose rows are used
    gpus: tuple[str, ...] | None = None  # GPUs whose rows are used; none: all
    corrected: bool  # whether known errors of rows are put right first
    precision: str  # number format of the weights in the rows that are used
    minimum_rows: int  # rows that a model needs for slopes


class Scenario(Entries):
    """One day of a fleet: its name in figures, the share of long queries, whether interventions are applied."""

    label: str
    long_share: float
    interventions: bool


class _Fleet(Entries):
    """Queries of one day, and what serves them."""

    subject: str  # class that serves the fleet
    queries_per_day: float  # number of queries
    scenarios: Mapping[str, Scenario]  # by name


class PublishedFleet(_Fleet):
    """A fleet by the published method."""

    overheads: Mapping[str, tuple[str, ...]]  # by workload, rows of `resources/overheads.csv` that multiply its energy
    serving_multiplier: Mapping[str, Spec]  # by workload, factor by which serving can divide its energy


class NestedFleet(_Fleet):
    """A fleet by method `nested`."""

    levers: tuple[str, ...]  # interventions of scenarios that have any, by their names
    grid_zone: str | None = None  # row of `resources/grid.csv`; none: no emissions, no water of generation
    onsite_water_l_per_kwh: Spec | None = None  # water used on site per kWh of IT energy, L/kWh


class PublishedIntervention(Entries):
    """One intervention by the published method."""

    label: str  # name in figures
    level: str  # where it acts
    p05: float  # P5 of the factor by which it divides the energy
    p95: float  # P95 of that factor
    workloads: tuple[str, ...]  # those that it acts on

    @property
    def multiplier(self) -> Spec:
        """Distribution of the factor by which it divides the energy."""
        return {"family": "lognormal", "p05": self.p05, "p95": self.p95}


class PublishedInterventions(Entries):
    """Class that interventions are applied to, and the interventions by name."""

    subject: str
    levers: Mapping[str, PublishedIntervention]


class NestedIntervention(Entries):
    """One intervention by method `nested`: a change of the study."""

    label: str  # name in figures
    level: str  # who can do it: model, serving, hardware or workload
    changes: dict[str, Any]  # entries of the study that it changes, as a study that extends it would have them
    # name of its pairs in table `intervention_pairs`; none where no two runs differ in it alone
    evidence: str | None = None
    source: str  # where the size of the change stands


class NestedInterventions(Entries):
    """Interventions by method `nested`."""

    subject: str  # class that they are applied to
    workloads: tuple[str, ...]  # those that they are applied to
    levers: Mapping[str, NestedIntervention]  # by name


class AsPublished(Entries):
    """What the publication did to its draws."""

    trimming: tuple[tuple[float, float], ...]  # shares that the draws of each model are cut to, one after the other
    draws_per_model: int  # size of the published run, for its sampling error


class Boundaries(Entries):
    """Boundaries, each one of `BOUNDARIES`, that the energies of queries and of fleets are given at."""

    query: str
    fleet: str


class Power(Entries):
    """Where the power of boards and hosts comes from."""

    # `measured`: boards by the serving model, hosts by `resources/node_power.csv`; `rated`: `node_kw` times
    # `utilisation`
    form: str
    node_kw: NodePowerKw | None = None  # maximum power of a node, kW
    utilisation: Spec | None = None  # share of that power really drawn
    board_factor: Spec | None = None  # factor on the power of boards that lower clocks leave at the same speed; none: 1


class Serving(Entries):
    """Where the services of a study run: a speed, a time per token or a batch, one of the three."""

    speed_tok_per_s: Spec | None = None  # tokens a second that a user sees after the first one, in the busiest hour
    time_per_token_ms: float | None = None  # the time between two of them, ms
    batch: float | None = None  # most running requests of a replica; fewer where its memory holds fewer
    replica_gpus: tuple[int, ...]  # GPUs that a replica may have; the least energy decides
    speculative_share: float | None = None  # share of the services that decode speculatively; none: 0
    engine: str | None = None  # name of the engine in the corpus; none: that of any service
    disaggregated: bool | None = None  # whether prompts have GPUs of their own


class Day(Entries):
    """The day of a fleet."""

    # workload of `resources/services` whose requests by hour have the shape of the day; none: constant
    arrivals: str | None = None
    headroom: Spec  # capacity over the requests of the busiest hour, at least 1
    released_share: Spec  # share of the replicas not needed in an hour that are switched off or do other work


class Study(Entries):
    """What studies of both methods say."""

    title: str  # name in figures
    description: str  # what the study is, in one sentence
    source: str  # where its assumptions stand
    method: str  # `published` or `nested`
    workloads: Mapping[str, Workload]  # kinds of queries by name
    classes: Mapping[str, ModelClass]  # classes of models by name
    pue: Spec  # power usage effectiveness: energy of the datacenter over that of its IT
    compared_estimates: tuple[str, ...]  # estimates, `<source>/<row_id>`, that the study is compared with

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
    """A study of method `published`, which draws every assumption anew for every query."""

    throughput: Throughput  # how tokens per second depend on the lengths of a query
    node_power_kw: NodePowerKw  # maximum power of a node, kW
    power_utilisation: Spec  # share of that power really drawn
    as_published: AsPublished  # what the publication did to its draws
    interventions: PublishedInterventions  # what could save energy
    fleet: PublishedFleet  # queries of one day, and what serves them


class NestedStudy(Study):
    """A study of method `nested`, which separates variability between queries and shared uncertainty."""

    boundary: Boundaries  # what is metered
    serving: Serving  # where the services run
    hardware: tuple[HardwareShare, ...]  # GPUs that serve every class that says nothing else; shares are of GPUs
    # concentration of the Dirichlet distribution of these shares; none: they are known
    hardware_concentration: float | None
    power: Power  # where the power of boards and hosts comes from
    day: Day  # arrivals over the day, and the replicas kept for them
    # rows of `resources/overheads.csv`, shares of the energy of the serving nodes that are added
    overheads: tuple[str, ...]
    interventions: NestedInterventions  # what could save energy
    fleet: NestedFleet  # queries of one day, and what serves them
    sweeps: Mapping[str, tuple[float, ...]] | None  # by assumption, values to try; none: nothing is swept
    # pairs of assumptions that are varied together, by name; none: none
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
