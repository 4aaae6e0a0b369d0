"""What interventions save: one by one, all together, and without those that benchmarks already contain."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy import uncertainty
from inference_energy.energy.service import Service, query_wh
from inference_energy.energy.uncertainty import Shared
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import Constant, Distribution, LogNormal, draw
from inference_energy.statistics.draws import stream
from inference_energy.statistics.histogram import LogHistogram
from inference_energy.statistics.mixture import Pool
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput.gpu_time import gpu_seconds

COMBINED = {
    "all_levers": "All interventions together",
    "remaining_levers": "Interventions that benchmarks do not contain",
}
COMBINATIONS = ("independent", "overlap")
# Range that the publication prints for all interventions together.
PUBLISHED_RANGE = (8.0, 20.0)
MULTIPLIER_QUANTILES = QUANTILES | {"p10": 0.10, "p90": 0.90}


@formula(unit="factor", source="arXiv 2509.20241, Methods, but never below 1")
def at_least_one(*, multiplier: Quantity) -> Quantity:
    """A multiplier of an intervention that never increases energy."""
    return np.maximum(multiplier, 1.0)


@formula(unit="factor", source="this work")
def overlapping_multiplier(*, multiplier: Quantity, overlap: Quantity) -> Quantity:
    """Multiplier of an intervention beyond the best of its group.

    Args:
        multiplier: of the intervention alone.
        overlap: 0: independent of the best; 1: it adds nothing to it.
    """
    # ASSUME: what an intervention saves beyond the best of its group is a fixed part of what it saves alone.
    return multiplier ** (1 - overlap)


@formula(unit="share", source="arithmetic")
def raised_share(*, share: Quantity, multiplier: Quantity) -> Quantity:
    """Load or attainment that an intervention raises, up to 1."""
    return np.minimum(share * multiplier, 1.0)


@formula(unit="factor", source="arithmetic")
def lowered_pue(*, pue: Quantity, multiplier: Quantity) -> Quantity:
    """PUE that an intervention lowers, down to 1."""
    return np.maximum(pue / multiplier, 1.0)


@formula(unit="that of the value", source="arithmetic")
def with_interventions(*, value: Quantity, by_power: Quantity = 1.0, by_energy: Quantity = 1.0) -> Quantity:
    """Power, or energy per GPU-second, with what interventions divide power and energy by."""
    return value / (by_power * by_energy)


@formula(unit="factor", source="arithmetic")
def saving(*, before_wh: Quantity, after_wh: Quantity) -> Quantity:
    """What interventions divide an energy by."""
    return before_wh / after_wh


@dataclass(frozen=True)
class _AtLeastOne:
    """A log-normal multiplier clipped at 1: an intervention never increases energy."""

    distribution: LogNormal

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        return at_least_one(multiplier=self.distribution.quantile(shares))


@dataclass(frozen=True, kw_only=True)
class Intervention:
    """One row of `resources/interventions.csv`."""

    label: str
    level: str
    acts_on: str
    multiplier: Distribution
    in_benchmarks: bool
    overlap_group: str | None
    source: str


def chosen(names: list[str], table: pl.DataFrame, place: str) -> dict[str, Intervention]:
    """Interventions by name.

    Raises:
        InputError: a name that the table does not have.
    """
    known = {row["lever"]: row for row in table.iter_rows(named=True)}
    for name in names:
        if name not in known:
            raise InputError(f"{place}: found {name!r}; allowed: {one_of(known)}")
    return {name: _intervention(known[name]) for name in names}


def _intervention(row: dict) -> Intervention:
    low, high = row["multiplier_p05"], row["multiplier_p95"]
    # ASSUME: the multiplier of an intervention is log-normal between its P5 and P95, as in arXiv 2509.20241, but never
    # below 1.
    multiplier = Constant(low) if low == high else _AtLeastOne(LogNormal.from_percentiles(p05=low, p95=high))
    same = {name: row[name] for name in ("label", "level", "acts_on", "overlap_group", "source")}
    return Intervention(**same, multiplier=multiplier, in_benchmarks=row["in_benchmarks"] == "true")


def drawn(interventions: Mapping[str, Intervention], study_name: str, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Multiplier of every intervention, one per draw of the shared uncertainty: all of the fleet applies it."""
    return {
        name: draw(intervention.multiplier, stream(seed, study_name, "lever", name), draws)
        for name, intervention in interventions.items()
    }


def divisors(
    interventions: Mapping[str, Intervention],
    multipliers: Mapping[str, np.ndarray],
    overlap: float,
    savings: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """What interventions together divide each ingredient by.

    Independent multipliers multiply. Under an overlap w, of the interventions of one group the one that saves most
    energy counts fully and every other one to the power 1 - w: w = 0 is independence, w = 1 leaves the best alone.

    Args:
        interventions: by name.
        multipliers: by intervention, on the ingredient that it acts on, shape (draws,).
        overlap: w.
        savings: by intervention, what it alone divides the energy by, shape (draws,).
    """
    grouped: dict[str, list[str]] = defaultdict(list)
    for name, intervention in interventions.items():
        if intervention.overlap_group is not None:
            grouped[intervention.overlap_group].append(name)
    best = {group: np.argmax([savings[name] for name in names], axis=0) for group, names in grouped.items()}
    found: dict[str, np.ndarray] = {}
    for name, intervention in interventions.items():
        value = multipliers[name]
        if intervention.overlap_group is not None:
            is_best = best[intervention.overlap_group] == grouped[intervention.overlap_group].index(name)
            value = np.where(is_best, value, overlapping_multiplier(multiplier=value, overlap=overlap))
        found[intervention.acts_on] = found.get(intervention.acts_on, 1.0) * value
    return found


def savings(
    service: Service,
    shared: Shared,
    subject: str,
    workload: str,
    interventions: Mapping[str, Intervention],
    multipliers: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """What every intervention alone divides the mean energy of a workload's queries by, at every draw."""
    boundary = service.study.boundary.query
    before = service.mean_wh(shared, subject, workload, service.per_gpu_second(shared))[boundary]
    found = {}
    for name, intervention in interventions.items():
        by = {intervention.acts_on: multipliers[name]}
        after = service.mean_wh(shared, subject, workload, per_gpu_second(service, shared, by), by)[boundary]
        found[name] = np.broadcast_to(saving(before_wh=before, after_wh=after), np.shape(multipliers[name]))
    return found


def applied(shared: Shared, by: Mapping[str, np.ndarray]) -> Shared:
    """The shared uncertainty with interventions applied: load and attainment up to 1, PUE down to 1."""
    for name in ("load", "attainment"):
        if name in by:
            shared = shared.replaced(name, raised_share(share=shared.values[name], multiplier=by[name]))
    if "pue" in by:
        shared = shared.replaced("pue", lowered_pue(pue=shared.values["pue"], multiplier=by["pue"]))
    return shared


def per_gpu_second(service: Service, shared: Shared, by: Mapping[str, np.ndarray]) -> dict:
    """`Service.per_gpu_second` with interventions applied."""
    energies = service.per_gpu_second(applied(shared, by))
    return {
        member: {boundary: with_interventions(value=value, **of_power(by)) for boundary, value in found.items()}
        for member, found in energies.items()
    }


def of_power(by: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What interventions divide power and energy by, as `with_interventions` takes it."""
    return {f"by_{name}": by[name] for name in ("power", "energy") if name in by}


@dataclass(frozen=True, kw_only=True)
class InterventionSet:
    """Interventions that are applied together, and how their savings combine."""

    name: str
    label: str
    level: str
    combination: str
    overlap: float
    interventions: Mapping[str, Intervention]

    def facts(self) -> dict:
        """Columns of the table; those of a single intervention are null for a set."""
        single = self.interventions[self.name] if self.combination == "single" else None
        return {
            "level": self.level,
            "lever": self.name,
            "label": self.label,
            "combination": self.combination,
            **{fact: getattr(single, fact, None) for fact in ("acts_on", "in_benchmarks", "source")},
        }


def _remaining(interventions: Mapping[str, Intervention]) -> dict[str, Intervention]:
    """Interventions that today's benchmarks do not contain."""
    return {name: of for name, of in interventions.items() if not of.in_benchmarks}


def intervention_sets(interventions: Mapping[str, Intervention], overlap: float) -> list[InterventionSet]:
    """Every intervention alone, all of them, and those that benchmarks do not contain, independent and overlapping."""
    found = [
        InterventionSet(
            name=name, label=of.label, level=of.level, combination="single", overlap=0.0, interventions={name: of}
        )
        for name, of in interventions.items()
    ]
    for (name, label), group in zip(COMBINED.items(), (interventions, _remaining(interventions)), strict=True):
        of = partial(InterventionSet, name=name, label=label, level="combined", interventions=group)
        found += [of(combination=how, overlap=w) for how, w in zip(COMBINATIONS, (0.0, overlap), strict=True)]
    return found


def intervention_multipliers(service: Service, table: pl.DataFrame, *, draws: int, seed: int) -> pl.DataFrame:
    """Multiplier on the mean energy, and energy per query that remains, per workload, set of interventions and spread.

    The multiplier is how much the mean energy of the class's queries falls within the study's boundary, at every draw
    of the shared uncertainty. An intervention on one ingredient changes the energy by less than its own range. One that
    today's benchmarks contain does not change the remaining energy: the benchmarks include it already. There are as
    many queries as draws of the shared uncertainty.
    """
    spec = service.study.interventions
    interventions = chosen(spec.levers, table, f"config/studies/{service.name}.yaml: interventions.levers")
    service = service.narrowed(spec.subject, spec.workloads, [service.study.boundary.query])
    multipliers = drawn(interventions, service.name, draws, seed)
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    rows = []
    for workload in spec.workloads:
        queries = _Queries(service, shared, workload, draws, seed)
        before = queries.means({})
        alone = savings(service, shared, spec.subject, workload, interventions, multipliers)
        for of in intervention_sets(interventions, spec.overlap):
            after = queries.means(divisors(of.interventions, multipliers, of.overlap, alone))
            saved = saving(before_wh=before, after_wh=after)
            multiplier = quantiles.of_draws(saved, MULTIPLIER_QUANTILES)
            place = {
                "study": service.name,
                "workload": workload,
                "subject": spec.subject,
                "boundary": service.study.boundary.query,
                **of.facts(),
                **{f"multiplier_{name}": multiplier[name] for name in MULTIPLIER_QUANTILES},
                "multiplier_share_below_8": float(np.mean(saved < PUBLISHED_RANGE[0])),
                "multiplier_share_above_20": float(np.mean(saved > PUBLISHED_RANGE[1])),
            }
            counted = divisors(_remaining(of.interventions), multipliers, of.overlap, alone)
            for spread, energies in queries.energies(counted).items():
                rows.append(place | {"spread": spread} | energies)
    return pl.DataFrame(rows, infer_schema_length=None)


class _Queries:
    """The same random queries for every set of interventions, so that only the interventions differ."""

    def __init__(self, service: Service, shared: Shared, workload: str, draws: int, seed: int):
        self.service, self.shared, self.workload, self.draws = service, shared, workload, draws
        self.subject = service.study.interventions.subject
        self.boundary = service.study.boundary.query
        self.cached = uncertainty.cached_share(shared, workload)
        of = service.lengths[workload]
        points = of.drawn(stream(seed, service.name, "lengths", workload), draws)
        self.weights = service.weights(self.subject)
        self.parts = {member: service.curves[member][0].parts(of).at(points) for member in self.weights}

    def means(self, by: Mapping[str, np.ndarray], energies: dict | None = None) -> np.ndarray:
        """Mean energy of a query at every draw of the shared uncertainty, Wh."""
        energies = energies or per_gpu_second(self.service, self.shared, by)
        means = self.service.mean_wh(self.shared, self.subject, self.workload, energies, by)[self.boundary]
        return np.broadcast_to(means, (self.draws,))

    def energies(self, by: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
        """Energy per query that remains, by spread: of single queries, and of the mean over queries."""
        energies = per_gpu_second(self.service, self.shared, by)
        pool, means = self._pool(energies, by), self.means(by, energies)
        p50 = pool.quantile(QUANTILES["p50"])
        return {
            "untrimmed": quantiles.columns("energy_wh", pool.quantiles() | {"mean": pool.mean()})
            | {"energy_wh_p50_se": pool.quantile_se_of_common_draws(p50, self.draws)},
            "shared": quantiles.columns("energy_wh", quantiles.of_draws(means))
            | {"energy_wh_p50_se": quantiles.standard_errors(means)["p50"]},
        }

    def _pool(self, energies: dict, by: Mapping[str, np.ndarray]) -> Pool:
        members = []
        for member, parts in self.parts.items():
            coefficients = self.service.curves[member][0].coefficients()
            histogram = LogHistogram()
            seconds = gpu_seconds(coefficients, parts, self.cached, by)
            histogram.add(query_wh(gpu_seconds=seconds, wh_per_gpu_second=energies[member][self.boundary]))
            members.append(histogram.distribution())
        return Pool(members=members, weights=np.array([float(weight) for weight in self.weights.values()]))
