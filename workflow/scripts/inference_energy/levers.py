"""What levers save where they act: one by one, all together, and without those that benchmarks already contain."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy import fleet_factors
from inference_energy.distributions import SHARES, LogNormal
from inference_energy.errors import InputError, one_of
from inference_energy.fleet_factors import Shared
from inference_energy.histogram import LogHistogram
from inference_energy.laws import Constant, Law, draw
from inference_energy.nested import Service
from inference_energy.pool import Pool
from inference_energy.random_streams import stream
from inference_energy.serving import gpu_seconds

COMBINED = {"all_levers": "All levers together", "remaining_levers": "Levers that benchmarks do not contain"}
COMBINATIONS = ("independent", "overlap")
# What the publication prints for all levers together.
PUBLISHED_RANGE = (8.0, 20.0)
QUANTILES = SHARES | {"p10": 0.10, "p90": 0.90}
_NO_OVERLAP = 0.0


@dataclass(frozen=True)
class _AtLeastOne:
    """A multiplier: log-normal, but a lever that saves nothing is not pulled."""

    law: LogNormal

    def quantile(self, shares: np.ndarray) -> np.ndarray:
        return np.maximum(np.exp(self.law.log_mean + self.law.log_sd * ndtri(shares)), 1.0)


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One row of `resources/interventions.csv`."""

    label: str
    level: str
    acts_on: str
    multiplier: Law
    in_benchmarks: bool
    overlap_group: str | None
    source: str


def chosen(names: list[str], table: pl.DataFrame, place: str) -> dict[str, Lever]:
    """Levers by name.

    Raises:
        InputError: a name that the table does not have.
    """
    known = {row["lever"]: row for row in table.iter_rows(named=True)}
    for name in names:
        if name not in known:
            raise InputError(f"{place}: found {name!r}; allowed: {one_of(known)}")
    return {name: _lever(known[name]) for name in names}


def _lever(row: dict) -> Lever:
    low, high = row["multiplier_p05"], row["multiplier_p95"]
    # ASSUME: a lever's multiplier is log-normal between its P5 and P95, as in arXiv 2509.20241, but never below 1.
    multiplier = Constant(low) if low == high else _AtLeastOne(LogNormal.from_percentiles(p05=low, p95=high))
    return Lever(
        label=row["label"],
        level=row["level"],
        acts_on=row["acts_on"],
        multiplier=multiplier,
        in_benchmarks=row["in_benchmarks"] == "true",
        overlap_group=row["overlap_group"],
        source=row["source"],
    )


def drawn(levers: Mapping[str, Lever], study_name: str, draws: int, seed: int) -> dict[str, np.ndarray]:
    """Multiplier of every lever, one draw per draw of what the fleet shares: a lever is pulled for the whole fleet."""
    return {
        name: draw(lever.multiplier, stream(seed, study_name, "lever", name), draws) for name, lever in levers.items()
    }


def divisors(
    levers: Mapping[str, Lever], multipliers: Mapping[str, np.ndarray], overlap: float
) -> dict[str, np.ndarray]:
    """What levers together divide each ingredient by.

    Independent multipliers multiply. Under an overlap w, of the levers of one group the one that saves most counts
    fully and every other one to the power 1 - w: w = 0 is independence, w = 1 leaves the largest alone.
    """
    largest: dict[str, np.ndarray] = {}
    for name, lever in levers.items():
        if lever.overlap_group is not None:
            largest[lever.overlap_group] = np.maximum(largest.get(lever.overlap_group, 1.0), multipliers[name])
    found: dict[str, np.ndarray] = {}
    for name, lever in levers.items():
        value = multipliers[name]
        if lever.overlap_group is not None:
            # ASSUME: what a lever saves beyond the largest of its group is a fixed part of what it saves alone.
            value = np.where(value == largest[lever.overlap_group], value, value ** (1 - overlap))
        found[lever.acts_on] = found.get(lever.acts_on, 1.0) * value
    return found


def pulled(shared: Shared, by: Mapping[str, np.ndarray]) -> Shared:
    """What the fleet shares with levers pulled: load and attainment up to 1, PUE down to 1."""
    for name in ("load", "attainment"):
        if name in by:
            shared = shared.replaced(name, np.minimum(shared.values[name] * by[name], 1.0))
    if "pue" in by:
        shared = shared.replaced("pue", np.maximum(shared.values["pue"] / by["pue"], 1.0))
    return shared


def per_gpu_second(service: Service, shared: Shared, by: Mapping[str, np.ndarray]) -> dict:
    """`Service.per_gpu_second` with levers pulled."""
    whole = by.get("power", 1.0) * by.get("energy", 1.0)
    energies = service.per_gpu_second(pulled(shared, by))
    return {
        member: {boundary: value / whole for boundary, value in found.items()} for member, found in energies.items()
    }


def intervention_multipliers(service: Service, table: pl.DataFrame, *, draws: int, seed: int) -> pl.DataFrame:
    """Multiplier on the mean energy, and energy per query that remains, per workload, lever or combination, and spread.

    The multiplier is how much the mean energy of the class's queries falls within the study's boundary, at every draw
    of what the fleet shares; a lever that acts on one ingredient alone changes the energy by less than its own range.
    A lever that today's benchmarks contain leaves the energy as it is: it is counted there already.

    Args:
        service: a resolved study.
        table: table of `lever_evidence.Intervention`.
        draws: draws of what the fleet shares, and as many queries.
        seed: seed of all streams.
    """
    spec = service.study["interventions"]
    levers = chosen(spec["levers"], table, f"config/studies/{service.name}.yaml: interventions.levers")
    multipliers = drawn(levers, service.name, draws, seed)
    remaining = {name: lever for name, lever in levers.items() if not lever.in_benchmarks}
    sets = [(name, lever.label, lever.level, "single", {name: lever}) for name, lever in levers.items()]
    sets += [
        (name, label, "combined", combination, group)
        for (name, label), group in zip(COMBINED.items(), (levers, remaining), strict=True)
        for combination in COMBINATIONS
        if group
    ]
    shared = fleet_factors.shared_draws(service.given, service.name, draws, seed)
    plain = service.per_gpu_second(shared)
    rows = []
    for workload in spec["workloads"]:
        before = _mean(service, shared, workload, plain, {})
        drawn_energies = _Queries(service, shared, workload, draws, seed)
        for name, label, level, combination, group in sets:
            overlap = spec["overlap"] if combination == "overlap" else _NO_OVERLAP
            by = divisors(group, multipliers, overlap)
            after = _mean(service, shared, workload, per_gpu_second(service, shared, by), by)
            saved = before / after
            counted = divisors({n: lever for n, lever in group.items() if n in remaining}, multipliers, overlap)
            remains = per_gpu_second(service, shared, counted)
            place = {
                "study": service.name,
                "workload": workload,
                "subject": spec["subject"],
                "level": level,
                "lever": name,
                "label": label,
                "combination": combination,
                "acts_on": group[name].acts_on if combination == "single" else None,
                "in_benchmarks": group[name].in_benchmarks if combination == "single" else None,
                "source": group[name].source if combination == "single" else None,
                **dict(
                    zip(
                        (f"multiplier_{q}" for q in QUANTILES),
                        np.quantile(saved, list(QUANTILES.values())),
                        strict=True,
                    )
                ),
                "multiplier_share_below_8": float(np.mean(saved < PUBLISHED_RANGE[0])),
                "multiplier_share_above_20": float(np.mean(saved > PUBLISHED_RANGE[1])),
            }
            means = _mean(service, shared, workload, remains, counted)
            shared_row = dict(
                zip((f"energy_wh_{q}" for q in SHARES), np.quantile(means, list(SHARES.values())), strict=True)
            )
            pool = drawn_energies.pool(remains, counted)
            quantiles = {f"energy_wh_{q}": value for q, value in pool.quantiles().items()}
            error = pool.quantile_se(quantiles["energy_wh_p50"], draws)
            rows += [
                place
                | {"spread": "untrimmed"}
                | quantiles
                | {"energy_wh_mean": pool.mean(), "energy_wh_p50_se": error},
                place
                | {"spread": "shared"}
                | shared_row
                | {
                    "energy_wh_mean": float(means.mean()),
                    "energy_wh_p50_se": float(means.std() * 1.2533 / np.sqrt(draws)),
                },
            ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _mean(service: Service, shared: Shared, workload: str, energies: dict, by: Mapping[str, np.ndarray]) -> np.ndarray:
    spec = service.study["interventions"]
    return service.mean_wh(shared, spec["subject"], workload, energies, by)[service.study["boundary"]["query"]]


class _Queries:
    """The same random queries for every lever, so that levers differ by what they do alone."""

    def __init__(self, service: Service, shared: Shared, workload: str, draws: int, seed: int):
        self.service, self.workload = service, workload
        self.cached = fleet_factors.cached_share(shared, workload)
        of = service.lengths[workload]
        points = of.drawn(stream(seed, service.name, "lengths", workload), draws)
        self.weights = service.weights(service.study["interventions"]["subject"])
        self.parts = {member: service.curves[member][0].parts(of).at(points) for member in self.weights}

    def pool(self, energies: dict, by: Mapping[str, np.ndarray]) -> Pool:
        boundary, members = self.service.study["boundary"]["query"], []
        for member, parts in self.parts.items():
            coefficients = self.service.curves[member][0].coefficients()
            histogram = LogHistogram()
            histogram.add(gpu_seconds(coefficients, parts, self.cached, by) * energies[member][boundary])
            members.append(histogram.distribution())
        return Pool(members=members, weights=np.array([float(weight) for weight in self.weights.values()]))
