"""Headline quantities as declarations: a name, and a number of a result table or a ratio, difference or extreme."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import polars as pl

from inference_energy.common.errors import InputError, like
from inference_energy.studies.study import WORKLOADS, NestedStudy, PublishedStudy

# Public tables that quantities are taken from, with the columns that name a row of one study.
KEYS = {
    "energy_per_query": ("workload", "subject", "spread"),
    "intervention_multipliers": ("workload", "lever", "combination", "spread"),
    "scenario_aggregates": ("scenario",),
    "published_estimate": ("source", "row_id"),
    "overstatement_pairs": ("source", "row_id"),
    "reference_load": ("reference",),
}
ENERGY, MULTIPLIERS, FLEETS, ESTIMATES, PAIRS, REFERENCES = KEYS
# Of these, the tables that studies have in common, and those that each has for itself.
COMMON = (ESTIMATES, REFERENCES)
OWN = (ENERGY, MULTIPLIERS, FLEETS, PAIRS)
# What their columns begin with that have an interval.
STEMS = {ENERGY: "energy_wh", MULTIPLIERS: "multiplier", FLEETS: "energy_gwh_per_day"}
# What an interval is over: single queries, variability and uncertainty together; or shared uncertainty alone.
QUERIES, SHARED = "queries", "shared uncertainty"
# Kinds of estimates by those who run the service.
PRODUCTION = ("provider_measurement", "executive_statement")


@dataclass(frozen=True)
class Cell:
    """One number of a result table."""

    table: str  # one of `KEYS`
    key: tuple[str, ...]  # values of the columns that name the row
    column: str  # column of the number
    # column of its sampling error in a run of the published size; none for a number that is not drawn
    error: str | None = None

    @property
    def names(self) -> dict[str, str]:
        """What names the row among those of a study."""
        return dict(zip(KEYS[self.table], self.key, strict=True))


@dataclass(frozen=True)
class StudyKey:
    """A number that the study states: the keys that lead to it, what they say, and its unit."""

    keys: tuple[str, ...]
    value: float
    unit: str


@dataclass(frozen=True)
class Extreme:
    """The lowest or highest of several numbers."""

    cells: tuple[Cell, ...]  # the numbers
    choose: Callable  # `min` or `max`
    # key of the study that lists the cells in this order; none where they are all of their kind
    listed: str | None = None

    def chosen(self, value: Callable[[Cell], float]) -> Cell:
        """The cell that it is, given how cells are read."""
        return self.choose(self.cells, key=value)


@dataclass(frozen=True)
class Count:
    """How many numbers of one kind there are."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Difference:
    """One number minus another, and what the result is called in formulas."""

    above: Cell
    below: Cell
    name: str


@dataclass(frozen=True)
class Ratio:
    """One number over another, and what both are called in the formula."""

    above: "Source"
    below: "Source"
    names: tuple[str, str]


Source = Cell | StudyKey | Extreme | Count | Difference | Ratio


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One headline number."""

    id: str  # its name in the column `quantity`
    source: Source  # what it is
    label: str = ""  # name for readers; a printed value has the label of `resources/published_values.csv`
    unit: str = ""  # its unit; a printed value has that of the same file
    over: str | None = None  # what the interval of a median or mean is over; none where no interval is given
    # id of the nearest quantity that the newest edition prints, where this one has another
    printed_as: str | None = None

    def end(self, statistic: str) -> Cell | None:
        """P5 or P95 of what it is the median or mean of: `p05`, `p95`."""
        return replace(self.source, column=f"{STEMS[self.source.table]}_{statistic}") if self.over else None


def declared(study: PublishedStudy | NestedStudy, tables: Mapping[str, pl.DataFrame]) -> dict[str, Quantity]:
    """Every headline quantity of a study, by id, from its rows of the tables in `KEYS`.

    Raises:
        InputError: `compared_estimates` names an estimate that is not there.
    """
    quantities = _nested(study, tables) if isinstance(study, NestedStudy) else _published(study, tables)
    return {quantity.id: quantity for quantity in quantities}


def energy_cell(workload: str, subject: str, spread: str, statistic: str = "p50") -> Cell:
    """Energy of a query in Wh."""
    column = f"energy_wh_{statistic}"
    return Cell(ENERGY, (workload, subject, spread), column, error=f"{column}_published_se")


def fleet_cell(scenario: str, statistic: str) -> Cell:
    """Energy of a fleet in GWh per day."""
    return Cell(FLEETS, (scenario,), f"energy_gwh_per_day_{statistic}", error="energy_gwh_per_day_published_se")


def multiplier_cell(key: tuple[str, ...], statistic: str = "p50") -> Cell:
    """Factor by which interventions lower the energy of a query."""
    column = f"multiplier_{statistic}"
    return Cell(MULTIPLIERS, key, column, error=f"{column}_published_se")


def _published(study: PublishedStudy, tables: Mapping[str, pl.DataFrame]) -> Iterator[Quantity]:
    """Every number that a publication of the published method could print."""
    for key in tables[ENERGY].select(KEYS[ENERGY]).iter_rows():
        workload, subject, spread = key
        for statistic in ("p05", "p25", "p50", "p75", "p95", "mean"):
            yield Quantity(
                id=f"{workload} {subject} energy_wh_{statistic} {spread}",
                source=energy_cell(*key, statistic),
                over=QUERIES if statistic == "p50" else None,
            )
    single = {workload: [] for workload in study.workloads}
    for key in tables[MULTIPLIERS].select(KEYS[MULTIPLIERS]).iter_rows():
        workload, lever, combination, spread = key
        source = Cell(MULTIPLIERS, key, "energy_wh_p50", error="energy_wh_p50_published_se")
        yield Quantity(id=f"{workload} {lever} energy_wh_p50 {spread}", source=source)
        group = combination if combination == "independent" else lever
        for statistic in ("p05", "p10", "p50", "p90", "p95"):
            yield Quantity(id=f"{workload} {group} multiplier_{statistic}", source=multiplier_cell(key, statistic))
        if combination == "single":
            single[workload].append(multiplier_cell(key))
    for workload, cells in single.items():
        for end, choose in (("lowest", min), ("highest", max)):
            yield Quantity(id=f"{workload} single multiplier_p50 {end}", source=Extreme(tuple(cells), choose))
    for scenario in tables[FLEETS]["scenario"]:
        for statistic in ("p05", "p50", "p95", "mean", "p05_as_published", "p50_as_published", "p95_as_published"):
            yield Quantity(
                id=f"{scenario} energy_gwh_per_day_{statistic}",
                source=fleet_cell(scenario, statistic),
                over=SHARED if statistic in ("p50", "mean") else None,
            )
    subject = study.interventions.subject
    yield from (_long_over_traditional(subject, spread) for spread in ("untrimmed", "as_published"))
    long, short = (
        StudyKey(
            ("workloads", name, "output_tokens", "median"), study.workloads[name].output_tokens["median"], "tokens"
        )
        for name in ("long", "traditional")
    )
    yield Quantity(id="long/traditional output_tokens_p50", source=Ratio(long, short, ("long", "short")))
    estimates = _compared(study.compared_estimates, tables[ESTIMATES])
    for end, choose in (("lowest", min), ("highest", max)):
        theirs = Extreme(estimates, choose, listed="compared_estimates")
        ratio = Ratio(theirs, energy_cell("traditional", subject, "as_published"), ("statement", "estimate"))
        yield Quantity(id=f"published_estimate/{subject} energy_wh_p50 {end}", source=ratio)
    yield from _pairs(tables[PAIRS])
    yield from _production(tables[ESTIMATES], subject)
    yield from _reference_loads(tables[FLEETS], tables[REFERENCES])
    yield from _savings_of_long(tables[FLEETS])


def _pairs(pairs: pl.DataFrame) -> Iterator[Quantity]:
    """Range of the ratios of estimates to the energy of the same model at the same tokens, and their number."""
    factors = tuple(Cell(PAIRS, key, "factor") for key in pairs.select(KEYS[PAIRS]).iter_rows())
    yield Quantity(id=PAIRS, source=Count(factors))
    for end, choose in (("lowest", min), ("highest", max)) if factors else ():
        yield Quantity(id=f"{PAIRS} factor {end}", source=Extreme(factors, choose))


def _production(estimates: pl.DataFrame, subject: str) -> Iterator[Quantity]:
    """What services state of their own queries, over the median of a class."""
    ours = energy_cell("traditional", subject, "as_published")
    stated = estimates.filter(pl.col("kind").is_in(PRODUCTION)).select(KEYS[ESTIMATES])
    for key in stated.iter_rows():
        ratio = Ratio(Cell(ESTIMATES, key, "energy_wh"), ours, ("statement", "estimate"))
        yield Quantity(id=f"{'/'.join(key)}/{subject} energy_wh_p50", source=ratio)


def _reference_loads(fleets: pl.DataFrame, references: pl.DataFrame) -> Iterator[Quantity]:
    """Days of fleets over familiar loads."""
    for scenario, key in product(fleets["scenario"], references.select(KEYS[REFERENCES]).iter_rows()):
        ratio = Ratio(fleet_cell(scenario, "mean"), Cell(REFERENCES, key, "energy_gwh_per_day"), ("fleet", "load"))
        yield Quantity(id=f"{scenario} energy_gwh_per_day_mean/{key[0]}", source=ratio)


def _savings_of_long(fleets: pl.DataFrame) -> Iterator[Quantity]:
    """Share of long queries in what interventions save of a fleet that has queries of both kinds."""
    mixed = fleets.filter(pl.col("long_share").is_between(0, 1, closed="none"))
    plain, improved = (mixed.filter(interventions=on).select("scenario", "long_share") for on in (False, True))
    for scenario, _, after in plain.join(improved, on="long_share", maintain_order="left_right").iter_rows():
        # The error of a fleet's mean is that of its long queries too: they are a part, so it is an upper bound.
        long, whole = (
            Difference(fleet_cell(scenario, statistic), fleet_cell(after, statistic), f"saved_{of}")
            for statistic, of in (("mean_long", "long"), ("mean", "all"))
        )
        yield Quantity(id=f"{after} saving_long_share", source=Ratio(long, whole, (long.name, whole.name)))


def _long_over_traditional(subject: str, spread: str, **facts: str) -> Quantity:
    above, below = energy_cell("long", subject, spread), energy_cell("traditional", subject, spread)
    name = f"long/traditional {subject} energy_wh_p50 {spread}"
    return Quantity(id=name, source=Ratio(above, below, ("long", "traditional")), **facts)


def _compared(names: Iterable[str], estimates: pl.DataFrame) -> tuple[Cell, ...]:
    known = {f"{source}/{row_id}": (source, row_id) for source, row_id in estimates.select(KEYS[ESTIMATES]).iter_rows()}
    for name in names:
        if name not in known:
            raise InputError(
                f"compared_estimates: found {name!r}; allowed: <source>/<row_id> of an estimate: {like(name, known)}"
            )
    return tuple(Cell(ESTIMATES, known[name], "energy_wh") for name in names)


def _nested(study: NestedStudy, tables: Mapping[str, pl.DataFrame]) -> Iterator[Quantity]:
    """The headline numbers of the nested method: medians and means of classes, a ratio, fleets, interventions."""
    for subject, spec in study.classes.items():
        for workload in WORKLOADS:
            name = f"{spec.label.split(' (')[0]}, {workload}"
            printed = {"p50": f"{workload} {subject} energy_wh_p50 as_published"}
            for spread, statistic, what, over in (
                ("untrimmed", "p50", "median", QUERIES),
                ("shared", "mean", "mean over queries", SHARED),
            ):
                yield Quantity(
                    id=f"{workload} {subject} energy_wh_{statistic} {spread}",
                    source=energy_cell(workload, subject, spread, statistic),
                    label=f"{name}: {what}",
                    unit="Wh",
                    printed_as=printed.get(statistic),
                    over=over,
                )
    subject = study.fleet.subject
    yield _long_over_traditional(
        subject,
        "untrimmed",
        label="Long / traditional: median energy",
        unit="x",
        printed_as=f"long/traditional {subject} energy_wh_p50 as_published",
    )
    for scenario, label, queries in tables[FLEETS].select("scenario", "label", "queries_per_day").iter_rows():
        yield Quantity(
            id=f"{scenario} energy_gwh_per_day_mean",
            source=fleet_cell(scenario, "mean"),
            label=f"Fleet of {_many(queries)} queries/day, {label}",
            unit="GWh/day",
            printed_as=f"{scenario} energy_gwh_per_day_mean",
            over=SHARED,
        )
    combined = tables[MULTIPLIERS].filter(level="combined").select("workload", "lever", "label")
    for workload, lever, label in combined.iter_rows():
        yield Quantity(
            id=f"{workload} {lever} multiplier_p50",
            source=multiplier_cell((workload, lever, "together", "shared")),
            label=f"{label}, {workload}",
            unit="x",
            printed_as="traditional independent multiplier_p50" if workload == "traditional" else None,
            over=SHARED,
        )


def _many(count: float) -> str:
    for unit, word in ((1e9, " billion"), (1e6, " million")):
        if count >= unit:
            return f"{count / unit:g}{word}"
    return f"{count:,.0f}"
