"""Answer to a what-if question: energy of a query and of a fleet, from a few thousand quasi-random draws.

The page `dashboard.html` computes the same numbers from the same draws; here they come from the formulas of the
pipeline, and a test in a browser compares the two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.special import gammaincinv, ndtri

from inference_energy.common.errors import InputError
from inference_energy.energy import assumptions, gpu_second, interventions, uncertainty
from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.interventions import Intervention
from inference_energy.energy.service import Service, query_wh
from inference_energy.energy.uncertainty import Shared
from inference_energy.fleet import planning
from inference_energy.fleet.scenarios import Fleet
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics import quantiles, quasi_random
from inference_energy.statistics.distributions import Distribution, Interpolated, distribution
from inference_energy.throughput import latency as throughput_latency
from inference_energy.throughput.gpu_time import gpu_seconds

DRAWS = 2**11
SIGNIFICANT_DIGITS = 6  # of what the page is given: the same numbers are used here
OWN = "own"  # the workload whose lengths the reader gives


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a reader of the page asks.

    Attributes:
        subject: a class or a model.
        workload: of the study, or `own`.
        own_tokens: prompt, answer and cached prompt tokens of the workload `own`.
        gpu: that serves all; none: the study's mix.
        boundary: what is metered of a query.
        pue, load, attainment: known values in place of the study's distributions.
        latency_target_ms: longest time between tokens that is allowed; none: no limit.
        long_share: share of the day's queries that are of workload `long` instead.
        queries_per_day: of the fleet.
        levers: applied interventions.
        zone: row of the grid table.
    """

    subject: str
    workload: str = "traditional"
    own_tokens: tuple[float, float, float] | None = None
    gpu: str | None = None
    boundary: str = "datacenter"
    pue: float | None = None
    load: float | None = None
    attainment: float | None = None
    latency_target_ms: float | None = None
    long_share: float = 0.0
    queries_per_day: float = 1e9
    levers: tuple[str, ...] = ()
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """A study with every draw that its answers rest on.

    Attributes:
        service: the study, resolved.
        shared: draws of the shared uncertainty, each shape (DRAWS,).
        points: by workload, which of its points the query of every draw is.
        levers: available interventions.
        multipliers: by workload and intervention, each shape (DRAWS,).
        overhead: by workload, energy of the fleet over that of its datacenters.
        onsite_water_l_per_kwh: water on site per kWh of IT energy; none where the study says nothing.
        fit_scores: by model, standard score of the error of its curves.
        latency: by GPU and target, P5, P50 and P95 of the cost in energy; targets that are not met are left out.
        latency_scores: by GPU, standard score of that cost among models.
        zones: rows of the grid table.
        gpus_per_node: by GPU.
    """

    service: Service
    shared: Shared
    points: dict[str, np.ndarray]
    levers: dict[str, Intervention]
    multipliers: dict[str, dict[str, np.ndarray]]
    overhead: dict[str, np.ndarray]
    onsite_water_l_per_kwh: np.ndarray | None
    fit_scores: dict[str, np.ndarray]
    latency: dict[str, dict[float, Interpolated]]
    latency_scores: dict[str, np.ndarray]
    zones: pl.DataFrame
    gpus_per_node: dict[str, int]


def rounded(values: np.ndarray) -> np.ndarray:
    """Values to as many digits as the page has of them."""
    return pl.Series(np.asarray(values, float)).round_sig_figs(SIGNIFICANT_DIGITS).to_numpy()


def explorer(
    service: Service,
    *,
    interventions_of: Mapping[str, Mapping[str, Intervention]],
    overhead: Mapping[str, float] | None,
    latency: pl.DataFrame,
    hardware: pl.DataFrame,
    zones: pl.DataFrame,
    seed: int,
) -> Explorer:
    """A study with its draws.

    Args:
        service: the study, resolved.
        interventions_of: by workload, available interventions; the same names for every workload.
        overhead: by workload, energy of the fleet over that of its datacenters, where no distribution gives it.
        latency: table `latency_summary`; without rows where the study's throughput does not depend on the batch.
        hardware: hardware registry.
        zones: table of `input_tables.GridZone`.
        seed: seed of all streams.
    """
    given, water = service.given, service.study.fleet.onsite_water_l_per_kwh
    distributions, lengths = given.distributions, {name: of.by_answer() for name, of in service.lengths.items()}
    service = replace(service, lengths=lengths)
    gpus = list(dict.fromkeys(gpu for _, gpu, _ in service.curves))
    models = list(dict.fromkeys(model for model, _, _ in service.curves))
    any_workload = next(iter(interventions_of.values()))
    litres: Distribution | None = None if water is None else distribution(water)
    # The most influential first: a Sobol' sequence covers its first dimensions best.
    names = [
        "length",
        "attainment",
        *(name for name in distributions if name not in ("attainment", *map(cached_name, lengths))),
    ]
    names += [assumptions.CACHED, *(f"mix: {name}: {model}" for name in given.mix for model in given.mix[name][0])]
    column = {
        # One distribution for all workloads is one unknown; separate ones are drawn separately.
        (workload, name): f"lever: {name}" if intervention is any_workload[name] else f"lever: {name}: {workload}"
        for workload, found in interventions_of.items()
        for name, intervention in found.items()
    }
    names += [*dict.fromkeys(column.values()), *(f"latency: {gpu}" for gpu in gpus), "water"]
    of = quasi_random.shares(names, DRAWS, seed, service.name, "explorer")
    values = {
        name: rounded(each.quantile(of[assumptions.CACHED if name.startswith(assumptions.CACHED) else name]))
        for name, each in distributions.items()
    }
    mix = {
        name: _mix(weights, concentration, {model: of[f"mix: {name}: {model}"] for model in weights})
        for name, (weights, concentration) in given.mix.items()
    }
    shared = Shared(values=values, mix=mix)
    for gpu, power in given.power.items():
        shared.derived["boards", gpu] = rounded(power.board_saturated.quantile(values["boards"]))
        shared.derived["host", gpu] = rounded(power.host_saturated.quantile(values["host"]))
    fit_scores = {}
    for model in models:
        name = assumptions.fit_error_name(model)
        if name in values:
            fit_scores[model] = rounded(ndtri(values[name]))
            for sd in {error for (of_model, _, _), (_, error) in service.curves.items() if of_model == model}:
                shared.derived[name, sd] = uncertainty.missed_by_fit(log_sd=sd, score=fit_scores[model])
    return Explorer(
        service=service,
        shared=shared,
        points={name: lengths[name].below(of["length"]) for name in lengths},
        levers=dict(any_workload),
        multipliers={
            workload: {
                name: rounded(intervention.multiplier.quantile(of[column[workload, name]]))
                for name, intervention in found.items()
            }
            for workload, found in interventions_of.items()
        },
        overhead={
            workload: rounded(1 + gpu_second.overhead_share(given, shared) + np.zeros(DRAWS))
            if overhead is None
            else np.full(DRAWS, overhead[workload])
            for workload in lengths
        },
        onsite_water_l_per_kwh=None if litres is None else rounded(litres.quantile(of["water"])),
        fit_scores=fit_scores,
        latency={gpu: _latency_costs(gpu, latency, hardware) for gpu in gpus},
        latency_scores={gpu: rounded(ndtri(of[f"latency: {gpu}"])) for gpu in gpus},
        zones=zones,
        gpus_per_node={gpu: int(hardware.filter(pl.col("gpu") == gpu)["gpus_per_node"][0]) for gpu in gpus},
    )


def _mix(weights: dict[str, float], concentration: float | None, of: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    if concentration is None or len(weights) == 1:
        return {model: np.full(DRAWS, weight) for model, weight in weights.items()}
    drawn = {model: gammaincinv(weight * concentration, of[model]) for model, weight in weights.items()}
    return {model: rounded(weight) for model, weight in uncertainty.mixed(drawn).items()}


def _latency_costs(gpu: str, latency: pl.DataFrame, hardware: pl.DataFrame) -> dict[float, Interpolated]:
    """Cost in energy of every target that half of the models meet on a GPU, or on the measured one most like it."""
    found = {}
    for target in latency["target_ms"].unique().sort():
        try:
            of = throughput_latency.latency_distribution(gpu, target, latency, hardware, "")
        except InputError:  # half of the models miss it: the page does not offer it
            continue
        found[target] = replace(of, values=tuple(rounded(np.array(of.values))))
    return found


def answer(of: Explorer, asked: Question) -> dict[str, dict[str, float]]:
    """P5, P50, P95 and mean of every quantity, for one question.

    - `query_wh`: energy of a single query, with variability and uncertainty, Wh, within the boundary asked;
    - `mean_query_wh`: mean over the queries of a fleet, Wh, within the same boundary;
    - `energy_gwh_per_day`, `nodes`, `average_power_mw`, `peak_power_mw`: of the fleet, at the fleet boundary;
    - `emissions_t_per_day` (location-based), `water_m3_per_day`: for a given zone, water if its factor is known;
    - `multiplier`: factor by which the interventions divide the mean energy.
    """
    service, shared = _as_asked(of, asked)
    workloads = dict.fromkeys([asked.workload, *(["long"] if asked.long_share > 0 else [])])
    applied = _with_interventions(of, asked, service, shared, workloads)
    before = _mean_wh(of, Fleet.of(service, shared, {}), asked.workload, asked.boundary)
    after = _mean_wh(of, applied[asked.workload], asked.workload, asked.boundary)
    multiplier = interventions.saving(before_wh=before, after_wh=after)
    found = {"mean_query_wh": after, "multiplier": multiplier} | _of_the_fleet(of, asked, applied)
    summaries = {
        name: quantiles.of_draws(np.broadcast_to(values, DRAWS), quantiles.PERCENTILES)
        for name, values in found.items()
    }
    return {"query_wh": _query_wh(of, asked, applied[asked.workload])} | summaries


def _as_asked(of: Explorer, asked: Question) -> tuple[Service, Shared]:
    service, shared = of.service, of.shared
    study = service.study.replaced(fleet=service.study.fleet.replaced(subject=asked.subject))
    if asked.gpu is not None:
        classes = {name: of_class.replaced(hardware=None) for name, of_class in study.classes.items()}
        entry = next(entry for entry in study.hardware if entry.gpu == asked.gpu)
        study = study.replaced(hardware=(entry.replaced(share=1),), classes=classes)
    lengths = service.lengths
    if asked.workload == OWN:
        prompt, answer_, cached = asked.own_tokens
        given = {"input_tokens": prompt, "output_tokens": answer_, "cached_share": cached / prompt, "weights": 1.0}
        lengths = lengths | {OWN: Lengths(**{name: value * np.ones(1) for name, value in given.items()})}
        shared = shared.replaced(cached_name(OWN), np.zeros(DRAWS))
    for name in ("pue", "load", "attainment"):
        if getattr(asked, name) is not None:
            shared = shared.replaced(name, np.full(DRAWS, float(getattr(asked, name))))
    if asked.latency_target_ms is not None:
        for gpu, scores in of.latency_scores.items():
            cost = of.latency[gpu][asked.latency_target_ms].at_score(scores)
            shared = shared.replaced(assumptions.latency_name(gpu), cost)
    return replace(service, study=study, lengths=lengths), shared


def _with_interventions(
    of: Explorer, asked: Question, service: Service, shared: Shared, workloads: Iterable[str]
) -> dict[str, Fleet]:
    """The fleet with interventions, by workload; the workload asked decides which of a group saves most."""
    chosen = {name: of.levers[name] for name in asked.levers}
    alone = interventions.savings(
        service, shared, asked.subject, asked.workload, chosen, _multipliers(of, asked.workload)
    )
    overlap = service.study.interventions.overlap
    return {
        workload: Fleet.of(service, shared, interventions.divisors(chosen, _multipliers(of, workload), overlap, alone))
        for workload in workloads
    }


def _multipliers(of: Explorer, workload: str) -> dict[str, np.ndarray]:
    # ASSUME: interventions act on a reader's own lengths as on traditional queries.
    return of.multipliers.get(workload, of.multipliers["traditional"])


def _overhead(of: Explorer, workload: str) -> np.ndarray:
    # ASSUME: a reader's own lengths have the overhead of traditional queries.
    return of.overhead.get(workload, of.overhead["traditional"])


def _mean_wh(of: Explorer, fleet: Fleet, workload: str, boundary: str) -> np.ndarray:
    if boundary == "fleet":
        return fleet.mean_wh(workload, "datacenter") * _overhead(of, workload)
    return fleet.mean_wh(workload, boundary)


def _query_wh(of: Explorer, asked: Question, fleet: Fleet) -> dict[str, float]:
    """Single queries, one per draw and member, members weighted as in the study."""
    service, workload = fleet.service, asked.workload
    points = of.points.get(workload, np.zeros(DRAWS, int))
    cached = uncertainty.cached_share(fleet.shared, workload)
    inner = "datacenter" if asked.boundary == "fleet" else asked.boundary
    outer = _overhead(of, workload) if asked.boundary == "fleet" else 1.0
    energies, weights = [], []
    for member, weight in service.weights(asked.subject).items():
        curve = service.curves[member][0]
        parts = curve.parts(service.lengths[workload]).at(points)
        seconds = gpu_seconds(curve.coefficients(), parts, cached, fleet.by)
        energy = query_wh(gpu_seconds=seconds, wh_per_gpu_second=fleet.energies[member][inner])
        energies.append(np.broadcast_to(energy * outer, DRAWS))
        weights.append(np.full(DRAWS, float(weight)))
    return quantiles.of_weighted(np.concatenate(energies), np.concatenate(weights), quantiles.PERCENTILES)


def _of_the_fleet(of: Explorer, asked: Question, applied: dict[str, Fleet]) -> dict[str, np.ndarray]:
    """Energy, equipment, emissions and water of a day's queries at the fleet boundary."""
    given = {"queries_per_day": asked.queries_per_day, "long_share": asked.long_share}
    queries = {asked.workload: planning.traditional_queries_per_day(**given)}
    if asked.long_share > 0:
        queries["long"] = queries.get("long", 0.0) + planning.long_queries_per_day(**given)
    energy, nodes, peak, pue = 0.0, 0.0, 0.0, None
    for workload, count in queries.items():
        fleet, overhead = applied[workload], _overhead(of, workload)
        mean = _mean_wh(of, fleet, workload, "fleet")
        energy = energy + planning.energy_gwh_per_day(queries_per_day=count, energy_wh=mean)
        needed = {
            place: planning.nodes_needed(gpus=gpus, gpus_per_node=of.gpus_per_node[place[1]])
            for place, gpus in fleet.gpus({workload: count}).items()
        }
        nodes = nodes + sum(needed.values())
        peak = peak + fleet.peak_power_mw(needed, of.gpus_per_node, overhead - 1)
        pue = fleet.shared.values["pue"]
    found = {
        "energy_gwh_per_day": energy,
        "nodes": nodes,
        "average_power_mw": planning.average_power_mw(energy_gwh_per_day=energy),
        "peak_power_mw": peak,
    }
    if asked.zone is None:
        return found
    zone = of.zones.row(by_predicate=pl.col("zone") == asked.zone, named=True)
    found["emissions_t_per_day"] = planning.emissions_t_per_day(
        energy_gwh_per_day=energy, carbon_gco2e_per_kwh=zone["carbon_gco2e_per_kwh"]
    )
    if zone["water_l_per_kwh"] is not None and of.onsite_water_l_per_kwh is not None:
        found["water_m3_per_day"] = planning.water_m3_per_day(
            energy_gwh_per_day=energy,
            pue=pue,
            onsite_l_per_kwh=of.onsite_water_l_per_kwh,
            offsite_l_per_kwh=zone["water_l_per_kwh"],
        )
    return found
