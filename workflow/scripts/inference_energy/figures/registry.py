"""Every figure: the module that draws it, from what, where it lies, and where the report and the page show it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from inference_energy.studies.study import WORKLOADS

FORMATS = ("svg", "png", "json")


@dataclass(frozen=True)
class Figure:
    """One figure; the rule `figures_<job>` draws it, its caption is `workflow/report/<name>.rst`."""

    # below this package, chapter first; the arguments of its function `draw` are the tables of `inputs`, `params`,
    # and `study` or `usage` with no more than its parts `of_study` or `of_usage`
    module: str
    meaning: str  # what it shows, in a line
    inputs: Mapping[str, str]  # files by the argument that takes their table
    folder: str = field(kw_only=True)  # under `results`
    job: str = field(kw_only=True)  # all figures of a job are drawn together: loading what draws takes most of its time
    file: str = ""  # name in the folder, without the ending; where it is not that of the figure
    category: str = ""  # heading in Snakemake's report; empty where the figure is not in the report
    label: str = ""  # name in the report, where it is not that of the figure
    group: str = ""  # heading on the dashboard; the title of the study where it is empty
    method: str = ""  # of the studies that have it; empty for a figure that belongs to no study
    later: bool = False  # whether the first of several such studies goes without it: a later edition repeats it
    of_study: tuple[str, ...] = ()  # parts of the study that it is drawn with
    of_usage: tuple[str, ...] = ()  # parts of the usage that it is drawn with
    params: Mapping[str, str] = field(default_factory=dict)  # further arguments; wildcards are filled in
    workloads: tuple[str, ...] = ("",)  # values of the wildcard `workload`, where it has one

    @property
    def name(self) -> str:
        """Of its caption."""
        return self.module.rsplit(".", 1)[-1]

    @property
    def path(self) -> str:
        """Where it lies under `results`, without the ending, with its wildcards."""
        return f"{self.folder}/{self.file or self.name}"


VALIDATION, PUBLISHED, ENERGY = "Validation against measurements", "Published against computed", "Energy per query"
INTERVENTIONS, FLEET, INPUTS, APPENDIX = "Interventions", "Fleet", "Inputs", "Appendix"
REFERENCES = {"references": "resources/reference_loads.csv"}
CONTEXT = ("title", "workloads", "classes", "fleet", "boundary")

_answers = partial(Figure, job="answers", folder="figures/comparison", category=ENERGY, group=ENERGY)
_compared = partial(Figure, job="comparison", folder="figures/comparison", category=VALIDATION, group=VALIDATION)
_study = partial(Figure, folder="figures/{study}")
_published = partial(_study, job="published", method="published", of_study=("title", "workloads"))
_edition = partial(_published, job="edition", later=True)
_nested = partial(_study, job="nested", method="nested", of_study=CONTEXT)
_fleet = partial(_nested, job="fleet", category=FLEET)
_corpus = partial(Figure, job="corpus", folder="figures/benchmarks", category=INPUTS, group="The benchmark corpus")
_appendix = partial(_corpus, category=APPENDIX, group="Appendix: the benchmark corpus")
_statement = partial(Figure, job="statement", folder="usage/{usage}")


def _tables(folder: str, *names: str, **by_argument: str) -> dict[str, str]:
    """Tables of a folder of the results, by argument; one without an argument of its own has its name."""
    of_argument = dict(zip(names, names, strict=True)) | by_argument
    return {argument: f"results/{folder}/{name}.parquet" for argument, name in of_argument.items()}


OF_ANSWERS = (
    _answers(
        "answers.energy_by_answer_length",
        "Energy of a query against the length of its answer, with what others measured or stated",
        _tables("comparison", computed="energy_by_answer_length", measured="measured_queries")
        | _tables("validated", stated="published_estimates")
        | {"everyday": "resources/everyday_energy.csv"},
        label="energy of a query by the length of its answer",
    ),
)
# Those that need the study that the bridge begins at.
COMPARED = (
    _compared(
        "validation.held_out_scores",
        "Error of predicted energy on runs that were not learnt from, by what was left out and by method",
        {"scores": "results/validation/scores.csv"},
        label="error on runs that were left out",
    ),
    _compared(
        "validation.cross_methods",
        "One query by every method within every boundary that it covers",
        _tables("comparison", methods="cross_methods", parts="cross_method_parts"),
        label="one query by every method",
    ),
    _compared(
        "validation.published_estimates",
        "Published estimates of a query's energy over the estimate of this work",
        _tables("comparison", statements="published_estimates", kinds="published_estimate_kinds"),
        label="published estimates over this work",
    ),
    _compared(
        "fleet.tornado",
        "Factors by which the headline numbers change when one assumption at a time is varied",
        _tables("comparison", "tornado"),
        label="each assumption alone",
    ),
    _compared(
        "headline.method_bridge",
        "The steps from the published estimate to the current one, as a waterfall",
        _tables("comparison", bridge="method_bridge"),
        label="from the published to the current estimate",
        category=PUBLISHED,
        group="From the published to the current estimate",
    ),
)
OF_STUDIES = (
    _edition(
        "oviedo.energy_per_query",
        "Distribution of the energy of one query, per model and class",
        _tables("{study}", energy="energy_per_query", density="energy_density"),
        of_study=("title", "workloads", "classes"),
        file="energy_per_query_{workload}",
        category=ENERGY,
        label="energy per query, {workload}",
        params={"workload": "{workload}"},
        workloads=WORKLOADS,
    ),
    _edition(
        "oviedo.intervention_pathways",
        "The energy that each intervention saves, and all of them together",
        _tables("{study}", interventions="intervention_multipliers", energy="energy_per_query"),
        category=INTERVENTIONS,
    ),
    _edition(
        "oviedo.fleet_scenarios",
        "Energy of a fleet per day, next to two familiar loads",
        _tables("{study}", scenarios="scenario_aggregates") | REFERENCES,
        of_study=("title",),
        category=FLEET,
    ),
    _edition(
        "requests.request_lengths",
        "Measured lengths of prompts and answers next to those that a study assumes",
        _tables("comparison", measured="request_length_quantiles")
        | _tables("validated", answers="output_length_quantiles"),
        category=INPUTS,
    ),
    _edition(
        "oviedo.throughput_fit",
        "Throughput curves with the benchmark rows that they are fitted to",
        _tables("{study}", fit="throughput_fit", rows="throughput_rows", curve="throughput_curve"),
        category=INPUTS,
    ),
    _published(
        "headline.published_against_computed",
        "Every printed value next to the computed one",
        {"headline": "results/headline.csv"},
        of_study=("title",),
        category=PUBLISHED,
        params={"study_name": "{study}"},
    ),
    _nested(
        "energy.energy_by_class",
        "Energy per query by workload and by class of models: the median with P5–P95 over queries",
        _tables("{study}", energy="energy_per_query"),
        category=ENERGY,
        label="energy per query, by workload and class",
    ),
    _nested(
        "fleet.variance_shares",
        "What the variability of single queries and the uncertainty of their mean are made of",
        _tables("{study}", variance="variance_shares"),
        of_study=("title", "workloads", "fleet"),
        category=ENERGY,
        label="variability and uncertainty by ingredient",
    ),
    _nested(
        "energy.boundaries",
        "Shares of a query's mean energy, from the GPU boards to the whole fleet",
        _tables("{study}", energy="energy_by_boundary"),
        category=ENERGY,
        label="where a Wh goes",
    ),
    _nested(
        "energy.interventions",
        "What interventions save, alone and together, next to measured pairs and the range that the paper prints",
        _tables("{study}", interventions="intervention_multipliers"),
        of_study=("title", "workloads", "classes"),
        category=INTERVENTIONS,
    ),
    _fleet(
        "fleet.fleet_plan",
        "Energy of a fleet per day, next to familiar loads, and what the fleet needs and emits",
        _tables("{study}", scenarios="scenario_aggregates", plan="fleet_plan") | REFERENCES,
        of_study=("title", "classes", "fleet"),
    ),
    _fleet(
        "fleet.fleet_day",
        "Power of a fleet and GPUs that are on, hour by hour",
        _tables("{study}", hours="fleet_hours"),
        of_study=("title", "classes", "fleet"),
        label="a fleet over a day",
    ),
    _fleet(
        "fleet.sweeps",
        "Mean energy as a function of one assumption at a time",
        _tables("{study}", "sweeps"),
    ),
    _fleet(
        "fleet.sweep_grids",
        "Mean energy as a function of two assumptions at a time",
        _tables("{study}", grids="sweep_grids"),
        label="two assumptions at a time",
    ),
)
OF_CORPUS = (
    _corpus(
        "corpus.energy_against_speed",
        "Measured energy per output token against the speed of one user, and its Pareto front per GPU",
        _tables("validated", "throughput", "models", energy="measured_energy"),
        label="energy against speed",
    ),
    _corpus(
        "throughput.throughput_forms",
        "Error of each form of throughput on rows that it was not fitted to",
        _tables("comparison", left_out="throughput_left_out", forms="throughput_forms"),
        label="forms of throughput",
    ),
    _appendix(
        "corpus.coverage",
        "Measured energies, by boundary, and throughput rows of every model and GPU",
        _tables("validated", "throughput", "models", energy="measured_energy"),
    ),
    _appendix(
        "corpus.measured_energy_over_time",
        "Measured energy per output token of the model with the most dates, by date, GPU and source",
        _tables("validated", "models", "sources", energy="measured_energy"),
        label="measured energy over time",
    ),
    _appendix(
        "corpus.throughput_over_time",
        "The best published throughput per model and GPU, by date",
        _tables("validated", "throughput"),
    ),
    _appendix(
        "corpus.checks_raised",
        "Findings of the checks across rows, per check and source",
        {"checks": "results/benchmark_checks.parquet", "sources": "results/benchmark_sources.csv"},
    ),
)
# Those that a whole run does not draw.
ON_REQUEST = (
    _nested(
        "fleet.model_sweeps",
        "Mean energy of every model as a function of one assumption at a time",
        _tables("comparison", sweeps="model_sweeps"),
        job="grid",
        category=FLEET,
        label="sweeps of every model",
        params={"study_name": "{study}"},
    ),
    _statement(
        "statement.usage_power",
        "Power over time with its interval",
        _tables("usage/{usage}", "steps", "capacity", "statement"),
        file="power",
        of_usage=("title", "boundary", "step_minutes"),
    ),
    _statement(
        "statement.usage_models",
        "Energy by model with its interval",
        _tables("usage/{usage}", "statement"),
        file="models",
        of_usage=("title", "boundary"),
    ),
)
FIGURES = (*OF_ANSWERS, *COMPARED, *OF_STUDIES, *OF_CORPUS, *ON_REQUEST)
JOBS = {job: [figure for figure in FIGURES if figure.job == job] for job in dict.fromkeys(each.job for each in FIGURES)}

# Figures that documents show, by the name of their picture in docs/, and those with a second one for a dark screen.
PICTURES = {
    "hero": "figures/comparison/energy_by_answer_length",
    "energy_by_class": "figures/current/energy_by_class",
    "held_out_scores": "figures/comparison/held_out_scores",
    "method_bridge": "figures/comparison/method_bridge",
    "throughput_forms": "figures/benchmarks/throughput_forms",
}
ALSO_DARK = ("hero",)


def of_run(studies: Mapping[str, str], *, bridged: bool) -> Iterator[tuple[Figure, dict[str, str]]]:
    """Figures of a whole run with their wildcards, in the order of the dashboard.

    They are `bridged` if the study that the bridge begins at is one of them.
    """
    yield from ((figure, {}) for figure in (*OF_ANSWERS, *(COMPARED if bridged else ())))
    last = {method: study for study, method in studies.items()}
    first = {method: study for study, method in reversed(studies.items())}
    for study, method in reversed(studies.items()):
        for figure in OF_STUDIES:
            repeated = figure.later and study == first[method] != last[method]
            if figure.method == method and not repeated:
                yield from ((figure, {"study": study, "workload": workload}) for workload in figure.workloads)
    yield from ((figure, {}) for figure in OF_CORPUS)
