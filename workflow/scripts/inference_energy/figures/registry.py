"""Every figure: the module that draws it, from what, where it lies, and where the report and the page show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from inference_energy.studies.study import WORKLOADS

FORMATS = ("svg", "png", "json")


@dataclass(frozen=True)
class Figure:
    """One figure; its rule is `figure_<name>`, its caption `workflow/report/<name>.rst`.

    Attributes:
        module: below this package, chapter first; the arguments of its function `draw` are `inputs`, `params`, and
            `study` or `usage`.
        meaning: what it shows, in a line.
        inputs: files by the argument that takes their table.
        folder: under `results`.
        file: name in the folder, without the ending; where it is not that of the figure.
        category: heading in Snakemake's report; empty where the figure is not in the report.
        label: name in the report, where it is not that of the figure.
        group: heading on the dashboard; the title of the study where it is empty.
        method: of the studies that have it; empty for a figure that belongs to no study.
        of_study: parts of the study that it is drawn with.
        of_usage: parts of the usage that it is drawn with.
        params: further arguments; wildcards are filled in.
        workloads: values of the wildcard `workload`, where it has one.
    """

    module: str
    meaning: str
    inputs: Mapping[str, str] = field(kw_only=True)
    folder: str = field(kw_only=True)
    file: str = ""
    category: str = ""
    label: str = ""
    group: str = ""
    method: str = ""
    of_study: tuple[str, ...] = ()
    of_usage: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    workloads: tuple[str, ...] = ("",)

    @property
    def name(self) -> str:
        """Of its rule and its caption."""
        return self.module.rsplit(".", 1)[-1]

    @property
    def path(self) -> str:
        """Where it lies under `results`, without the ending, with its wildcards."""
        return f"{self.folder}/{self.file or self.name}"


VALIDATION, PUBLISHED, ENERGY = "Validation against measurements", "Published against computed", "Energy per query"
INTERVENTIONS, FLEET, INPUTS = "Interventions", "Fleet", "Inputs"

_compared = partial(Figure, folder="figures/comparison", category=VALIDATION, group=VALIDATION)
_published = partial(Figure, folder="figures/{study}", method="published")
_nested = partial(Figure, folder="figures/{study}", method="nested")
_corpus = partial(Figure, folder="figures/benchmarks", category=INPUTS, group="The benchmark corpus")
_statement = partial(Figure, folder="usage/{usage}")

# Those that need the study that the bridge begins at.
COMPARED = (
    _compared(
        "validation.validation",
        "Predicted against measured energy, this work next to other methods",
        label="predicted against measured",
        inputs={
            "backtest": "results/comparison/backtest.parquet",
            "peers": "results/comparison/backtest_peers.parquet",
            "scores": "results/comparison/scores.parquet",
        },
    ),
    _compared(
        "validation.cross_methods",
        "One query by every method and boundary, and the factors that the methods differ by",
        label="one query by every method",
        inputs={
            "methods": "results/comparison/cross_methods.parquet",
            "parts": "results/comparison/cross_method_parts.parquet",
        },
    ),
    _compared(
        "validation.published_estimates",
        "Published estimates of a query's energy over the estimate of this work",
        label="published estimates over this work",
        inputs={
            "statements": "results/comparison/published_estimates.parquet",
            "kinds": "results/comparison/published_estimate_kinds.parquet",
        },
    ),
    _compared(
        "fleet.tornado",
        "The range of the headline numbers when one assumption at a time is varied",
        label="each assumption alone",
        inputs={"tornado": "results/comparison/tornado.parquet"},
    ),
    _compared(
        "throughput.batch_latency",
        "Energy per token against latency, and what a latency target costs",
        label="energy against latency",
        inputs={
            "runs": "results/comparison/latency_runs.parquet",
            "summary": "results/comparison/latency_summary.parquet",
            "models": "results/validated/models.parquet",
        },
        params={"source": "mlenergy_v3"},
    ),
    _compared(
        "headline.method_bridge",
        "The steps from the published estimate to the current one, as a waterfall",
        label="from the published to the current estimate",
        category=PUBLISHED,
        group="From the published to the current estimate",
        inputs={"bridge": "results/comparison/method_bridge.parquet"},
    ),
)
OF_STUDIES = (
    _published(
        "oviedo.energy_per_query",
        "Distribution of the energy of one query, per model and class",
        of_study=("title", "workloads", "classes"),
        file="energy_per_query_{workload}",
        category=ENERGY,
        label="energy per query, {workload}",
        inputs={
            "energy": "results/{study}/energy_per_query.parquet",
            "density": "results/{study}/energy_density.parquet",
        },
        params={"workload": "{workload}"},
        workloads=WORKLOADS,
    ),
    _published(
        "oviedo.intervention_pathways",
        "The energy that each intervention saves, and all of them together",
        of_study=("title", "workloads"),
        category=INTERVENTIONS,
        inputs={
            "interventions": "results/{study}/intervention_multipliers.parquet",
            "energy": "results/{study}/energy_per_query.parquet",
        },
    ),
    _published(
        "oviedo.fleet_scenarios",
        "Energy of a fleet per day, next to two familiar loads",
        of_study=("title",),
        category=FLEET,
        inputs={
            "scenarios": "results/{study}/scenario_aggregates.parquet",
            "references": "resources/reference_loads.csv",
        },
    ),
    _published(
        "oviedo.token_lengths",
        "Distribution of answer lengths",
        of_study=("title", "workloads"),
        category=INPUTS,
        inputs={
            "density": "results/{study}/token_length_density.parquet",
            "quantiles": "results/{study}/token_length_quantiles.parquet",
        },
    ),
    _published(
        "requests.request_lengths",
        "Measured lengths of prompts and answers next to those that a study assumes",
        of_study=("title", "workloads"),
        category=INPUTS,
        inputs={
            "measured": "results/comparison/request_length_quantiles.parquet",
            "answers": "results/validated/output_length_quantiles.parquet",
        },
    ),
    _published(
        "oviedo.throughput_fit",
        "Throughput curves with the benchmark rows that they are fitted to",
        of_study=("title", "workloads"),
        category=INPUTS,
        inputs={
            "fit": "results/{study}/throughput_fit.parquet",
            "rows": "results/{study}/throughput_rows.parquet",
            "curve": "results/{study}/throughput_curve.parquet",
        },
    ),
    _published(
        "headline.published_against_computed",
        "Every printed value next to the computed one",
        of_study=("title",),
        category=PUBLISHED,
        inputs={"headline": "results/headline.csv"},
        params={"study_name": "{study}"},
    ),
    _nested(
        "energy.energy_by_class",
        "Energy per query of every class and workload: variability between queries, uncertainty of their mean",
        of_study=("title", "workloads", "classes", "fleet", "boundary"),
        category=ENERGY,
        label="energy per query, by class",
        inputs={"energy": "results/{study}/energy_per_query.parquet"},
    ),
    _nested(
        "fleet.variance_shares",
        "What the variability of single queries and the uncertainty of their mean are made of",
        of_study=("title", "workloads", "fleet"),
        category=ENERGY,
        label="variability and uncertainty by ingredient",
        inputs={"variance": "results/{study}/variance_shares.parquet"},
    ),
    _nested(
        "energy.boundaries",
        "Energy of a query from the GPU boards to the whole fleet, and from the median query to the mean",
        of_study=("title", "workloads", "classes", "fleet", "boundary"),
        category=ENERGY,
        label="from boards to fleet, from median to mean",
        inputs={"energy": "results/{study}/energy_by_boundary.parquet"},
    ),
    _nested(
        "energy.interventions",
        "The energy that interventions save, alone and combined, next to the range that the paper prints",
        of_study=("title", "workloads", "classes"),
        category=INTERVENTIONS,
        inputs={"interventions": "results/{study}/intervention_multipliers.parquet"},
    ),
    _nested(
        "fleet.fleet_plan",
        "Energy of a fleet per day, next to familiar loads, and what the fleet needs and emits",
        of_study=("title", "classes", "fleet"),
        category=FLEET,
        inputs={
            "scenarios": "results/{study}/scenario_aggregates.parquet",
            "plan": "results/{study}/fleet_plan.parquet",
            "references": "resources/reference_loads.csv",
        },
    ),
    _nested(
        "fleet.sweeps",
        "Mean energy as a function of one assumption at a time",
        of_study=("title", "workloads", "classes", "fleet", "boundary"),
        category=FLEET,
        inputs={"sweeps": "results/{study}/sweeps.parquet"},
    ),
)
OF_CORPUS = (
    _corpus(
        "corpus.coverage",
        "Which models were measured on which GPUs, how often and how recently",
        inputs={
            "throughput": "results/validated/throughput.parquet",
            "energy": "results/validated/measured_energy.parquet",
            "models": "results/validated/models.parquet",
        },
    ),
    _corpus(
        "corpus.throughput_over_time",
        "The best published throughput per model and GPU, by date",
        inputs={"throughput": "results/validated/throughput.parquet"},
    ),
    _corpus(
        "corpus.checks_raised",
        "Findings of the checks across rows, per check and source",
        inputs={"checks": "results/benchmark_checks.parquet", "sources": "results/benchmark_sources.csv"},
    ),
    _corpus(
        "throughput.throughput_forms",
        "Error of each form of throughput on rows that it was not fitted to",
        label="forms of throughput",
        inputs={
            "left_out": "results/comparison/throughput_left_out.parquet",
            "forms": "results/comparison/throughput_forms.parquet",
        },
    ),
    _corpus(
        "throughput.attainment",
        "Throughput of busy services as a share of the offline maximum",
        inputs={"pairs": "results/comparison/attainment_pairs.parquet"},
    ),
)
# Those that a whole run does not draw.
ON_REQUEST = (
    _nested(
        "fleet.model_sweeps",
        "Mean energy of every model as a function of one assumption at a time",
        of_study=("title", "workloads", "classes", "fleet", "boundary"),
        category=FLEET,
        label="sweeps of every model",
        inputs={"sweeps": "results/comparison/model_sweeps.parquet"},
        params={"study_name": "{study}"},
    ),
    _statement(
        "statement.usage_power",
        "Power over time with its interval",
        file="power",
        of_usage=("title", "boundary", "step_minutes"),
        inputs={
            "steps": "results/usage/{usage}/steps.parquet",
            "capacity": "results/usage/{usage}/capacity.parquet",
        },
    ),
    _statement(
        "statement.usage_models",
        "Energy by model with its interval",
        file="models",
        of_usage=("title", "boundary"),
        inputs={"statement": "results/usage/{usage}/statement.parquet"},
    ),
)
FIGURES = (*COMPARED, *OF_STUDIES, *OF_CORPUS, *ON_REQUEST)


def of_run(studies: Mapping[str, str], *, bridged: bool) -> Iterator[tuple[Figure, dict[str, str]]]:
    """Figures of a whole run with their wildcards, in the order of the dashboard.

    Args:
        studies: method of every study, by its name.
        bridged: whether the study that the bridge begins at is one of them.
    """
    yield from ((figure, {}) for figure in COMPARED if bridged)
    for study, method in reversed(studies.items()):
        for figure in OF_STUDIES:
            if figure.method == method:
                yield from ((figure, {"study": study, "workload": workload}) for workload in figure.workloads)
    yield from ((figure, {}) for figure in OF_CORPUS)


def paths(studies: Mapping[str, str], *, bridged: bool) -> list[str]:
    """Paths of the figures of a whole run under `results`, without their endings, in the same order."""
    return [figure.path.format(**wildcards) for figure, wildcards in of_run(studies, bridged=bridged)]
