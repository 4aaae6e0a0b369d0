"""Numbers of the page `dashboard.html`, for `coding`: a study of either method as names, numbers and arrays.

A study has two states: `plain`, as it is, and `applied`, with the interventions of its fleet. `energy.js` says what is
computed from them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl

from inference_energy.energy import interventions
from inference_energy.energy.operated import PER_TOKEN, Operated
from inference_energy.energy.per_query import query_lengths
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import cached_share, overhead_share
from inference_energy.fleet.planning import average_power_mw
from inference_energy.fleet.scenarios import queries_of
from inference_energy.oviedo.energy import fitted_models, unit_energy_wh
from inference_energy.oviedo.scenarios import overhead_factor
from inference_energy.requests import lengths
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import distribution
from inference_energy.statistics.draws import stream
from inference_energy.studies.study import WORKLOADS, NestedStudy, PublishedStudy, Spec, Study

DRAWS = 256  # of a service, on the page
PUBLISHED_DRAWS = 1024
EXCHANGES = 3000  # of draws, tried to make them representative
POINTS = 1024  # of the distribution of lengths
CURVE = ("intercept", "slope_input", "slope_output", "cap_tok_per_s")


# Of table `fleet_plan`, what the page shows under another name.
PLANNED = {"gpus": "gpus", "nodes": "nodes", "peak_power": "peak_power_mw"}
PLANNED |= {"emissions": "emissions_t_per_day", "water": "water_m3_per_day"}
STATISTICS = (*quantiles.PERCENTILES, "mean")


def study_of_page(
    study: Study, numbers: Mapping, energy: pl.DataFrame, scenarios: pl.DataFrame, plan: pl.DataFrame | None
) -> dict:
    """Data of a study for the page: its numbers, its preset, and numbers of its tables, which have all draws.

    Args:
        study: what it is.
        numbers: from `nested` or `published`.
        energy: its table `energy_by_boundary`, or `energy_per_query` where it has one boundary.
        scenarios: its table `scenario_aggregates`.
        plan: its table `fleet_plan`; none where it has none.
    """
    fleet, nested_study = study.fleet, isinstance(study, NestedStudy)
    totals = fleet_totals(scenarios, plan)
    levers = study.interventions.levers
    return {
        "method": study.method,
        "description": study.description,
        "classes": {name: {"label": of.label, "models": of.model_shares()} for name, of in study.classes.items()},
        "workloads": {name: {"label": of.label} for name, of in study.workloads.items()},
        "interventions": [levers[name].label for name in fleet.levers]
        if nested_study
        else ["Serving, as in the fleet scenarios"],
        "preset": {
            "subject": fleet.subject,
            "boundary": study.boundary.query if nested_study else "datacenter",
            "queries_per_day": fleet.queries_per_day,
            "zone": fleet.grid_zone if nested_study else None,
            "scenarios": [
                {"label": of.label, "long_share": of.long_share, "interventions": of.interventions}
                | {"totals": totals[name]}
                for name, of in fleet.scenarios.items()
            ],
        },
        "tables": {
            "headline_wh": _of_queries(energy, "untrimmed"),
            "mean_query_wh": _of_queries(energy, "shared"),
        },
    } | dict(numbers)


def _of_queries(energy: pl.DataFrame, spread: str) -> dict[str, dict[str, float]]:
    """P5, P50, P95 and mean of a table of energies, by what is asked of the page."""
    names = ("subject", "workload", "boundary", *(f"energy_wh_{name}" for name in STATISTICS))
    return {
        f"{subject} {workload} {boundary}": dict(zip(STATISTICS, values, strict=True))
        for subject, workload, boundary, *values in energy.filter(spread=spread).select(names).iter_rows()
        if None not in values
    }


def fleet_totals(scenarios: pl.DataFrame, plan: pl.DataFrame | None) -> dict[str, dict[str, dict[str, float]]]:
    """By scenario P5, P50, P95 and mean of every quantity of its fleet that the tables have."""
    found = {}
    for row in scenarios.iter_rows(named=True):
        energy = {name: row[f"energy_gwh_per_day_{name}"] for name in STATISTICS}
        power = {name: average_power_mw(energy_gwh_per_day=value) for name, value in energy.items()}
        found[row["scenario"]] = {"energy_gwh_per_day": energy, "average_power_mw": power}
    rows = [] if plan is None else plan.filter(pl.col("quantity").is_in(PLANNED)).iter_rows(named=True)
    for row in rows:
        found[row["scenario"]][PLANNED[row["quantity"]]] = {name: row[name] for name in STATISTICS}
    return found


def nested(service: Service, gpus_per_node: Mapping[str, int]) -> dict:
    """Numbers of a study of method `nested`: some draws of everything that decides the energy of its queries."""
    fleet, states = service.study.fleet, {"plain": (service, tuple(service.lengths))}
    if fleet.levers:
        applied = (service.study.interventions.levers[name] for name in fleet.levers)
        # The study describes interventions for the queries that a fleet serves; the page has them for these.
        states["applied"] = interventions.applied(service, applied), WORKLOADS
    count = min(DRAWS, service.shared.draws)
    draws = representative(_energies(states.values()), count, stream(service.seed, "page", "draws"))
    water = fleet.onsite_water_l_per_kwh
    used = sorted({gpu for _, gpu, _ in service.members.names})
    return {
        "states": {name: _state(of, workloads, draws) for name, (of, workloads) in states.items()},
        "gpus_per_node": {gpu: int(gpus_per_node[gpu]) for gpu in used},
        "onsite_water_l_per_kwh": None if water is None else evenly(water, count, service.seed, "page", "water"),
    }


def _energies(states: Iterable[tuple[Service, Iterable[str]]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mean energies that the draws of the page should represent, and how much each draw counts.

    They are those of all classes, the fleet's first, in both states, and of models for the first kind of query; and the
    total of every fleet that serves several kinds.
    """
    for place, (of, workloads) in enumerate(states):
        study = of.study
        subjects = {study.fleet.subject: None} | dict.fromkeys(study.classes)
        for workload in workloads:
            models = study.model_classes() if place == 0 and workload == WORKLOADS[0] else ()
            for subject in (*subjects, *models):
                means, weights = of.mean_wh(subject, workload)
                yield means[study.boundary.query], weights
        for long_share in sorted({scenario.long_share for scenario in study.fleet.scenarios.values()} - {0.0, 1.0}):
            queries = queries_of(long_share, study.fleet.queries_per_day)
            served = {name: of.mean_wh(study.fleet.subject, name) for name in queries}
            total = sum(queries[name] * means[study.boundary.fleet] for name, (means, _) in served.items())
            yield total, np.prod([weights for _, weights in served.values()], axis=0)


def representative(
    energies: Iterable[tuple[np.ndarray, np.ndarray]], count: int, generator: np.random.Generator
) -> np.ndarray:
    """Positions of some draws whose weighted mean and quantiles are like those of all, of each of several quantities.

    The draws are ordered by the first quantity and divided into `count` parts; one of each is taken at random. Then
    draws are exchanged for others of their part where that brings mean, P5, P50 and P95 of all quantities nearer to
    those of all draws. A quantity has values, above 0 where they count, and how much they count, shape (draws,); those
    of which none counts do not decide.
    """
    known = [(values, weights) for values, weights in energies if weights.any()]
    logs = np.stack([np.log(np.where(weights > 0, values, 1.0)) for values, weights in known])
    weights = np.stack([weights for _, weights in known])
    everything = _summary(logs, weights)

    def missed(positions: np.ndarray) -> float:
        return float(((_summary(logs[:, positions], weights[:, positions]) - everything) ** 2).sum())

    parts = np.array_split(np.argsort(logs[0], kind="stable"), count)
    best = np.array([generator.choice(part) for part in parts])
    least = missed(best)
    for _ in range(EXCHANGES):
        part, tried = generator.integers(count), best.copy()
        tried[part] = generator.choice(parts[part])
        if (found := missed(tried)) < least:
            best, least = tried, found
    return best


def _summary(logs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logarithm of the mean, and P5, P50 and P95 of the logarithms, of every quantity."""
    total = np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    means = np.log(np.maximum((np.exp(logs) * weights).sum(axis=1) / total[:, 0], np.finfo(float).tiny))
    order = np.argsort(logs, axis=1)
    ordered, each = np.take_along_axis(logs, order, 1), np.take_along_axis(weights, order, 1)
    below = (np.cumsum(each, axis=1) - each / 2) / total
    shares = list(quantiles.PERCENTILES.values())
    found = [np.interp(shares, places, values) for places, values in zip(below, ordered, strict=True)]
    return np.column_stack([means, found])


def _state(service: Service, workloads: Sequence[str], draws: np.ndarray) -> dict:
    """A study, as it is or changed, at the draws of the page."""
    shared, study = service.shared, service.study
    kinds = {workload: _kind(service, workload, draws) for workload in workloads}
    return {
        "pue": shared.values["pue"][draws],
        "overhead": overhead_share(service.given, shared)[draws],
        "capacity": service.at(workloads[0]).day.capacity[draws],
        "headroom": np.asarray(shared.values["headroom"])[draws],
        "peak_rate": float(service.rates.max()),
        "known": {name: of.model_shares() for name, of in study.classes.items()},
        "mix": {name: {model: of[draws] for model, of in mix.items()} for name, mix in shared.mix.items()},
        "hardware": {
            name: [
                {
                    "gpu": entry.gpu,
                    "precision": entry.precision,
                    "known": entry.share,
                    "share": shared.gpus[name][entry.gpu, entry.precision][draws],
                }
                for entry in study.hardware_mix(name)
            ]
            for name in study.classes
        },
        "kinds": kinds,
    }


def _kind(service: Service, workload: str, draws: np.ndarray) -> dict:
    """Queries of one kind, and every member where it serves them, at the draws of the page."""
    shares, _ = service.serving(service.study.fleet.subject, workload)
    found = service.at(workload)
    of = service.lengths[workload].by_answer()
    # ASSUME: power over the day has the shape of that of the fleet's class, whatever model and GPU are asked: members
    # differ by 2 % in it.
    power = (found.hours_w[:, draws] * (shares * found.mean_seconds())[draws]).sum(axis=2)
    mean = power.mean(axis=0)
    return {
        "lengths": _points(of),
        "means": {
            "uncached_tokens": of.mean(query_lengths(of)[0]),
            "output_tokens": found.queries.output_tokens,
            "context_tokens2": found.queries.context_tokens2,
        },
        "kept": 1 - cached_share(service.shared, workload)[draws],
        "peak": np.where(mean > 0, power.max(axis=0) / np.where(mean > 0, mean, 1.0), 1.0),
        "members": {
            ", ".join(name): _member(name, place, found, draws)
            for place, name in enumerate(service.members.names)
            if found.weight[draws, place].any()
        },
    }


def _points(of: Lengths) -> dict[str, np.ndarray]:
    """Lengths of equally many queries each, from the shortest answer to the longest."""
    points = of.evenly(POINTS)
    uncached, output, _ = query_lengths(of)
    return {
        "input_tokens": of.input_tokens[points],
        "uncached_tokens": uncached[points],
        "output_tokens": output[points],
    }


def _member(name: tuple[str, str, str], place: int, found: Operated, draws: np.ndarray) -> dict:
    """A model on a GPU: GPU-seconds per token, Wh per GPU-second, and how much each draw counts, shape (draws,)."""
    weights, full = found.weight[:, place], np.ones(found.weight.shape)
    counts = weights > 0
    batch, gpus = ((of * full)[counts, place] for of in (found.point.batch, found.point.gpus))
    arrays = {each: getattr(found, each)[draws, place] for each in PER_TOKEN}
    arrays |= {short: found.wh_per_gpu_second[long][draws, place] for short, long in BOUNDARY_OF.items()}
    return (
        dict(zip(("model", "gpu", "precision"), name, strict=True))
        | {
            "batch": quantiles.of_weighted(batch, weights[counts], {"p50": 0.5})["p50"],
            "replica_gpus": float(np.average(gpus, weights=weights[counts])),
            "reached": float(found.reached[place]),
        }
        | arrays
        | {"weight": weights[draws]}
    )


BOUNDARY_OF = {"boards": "gpu_boards", "node": "node"}


def evenly(spec: Spec, count: int, *place: int | str) -> np.ndarray:
    """Draws at equal distances of probability, in random order; `place` is the seed and the stream."""
    return distribution(spec).quantile(stream(*place).permutation((np.arange(count) + 0.5) / count))


def published(name: str, study: PublishedStudy, fit: pl.DataFrame, overheads: pl.DataFrame, seed: int) -> dict:
    """Numbers of a study of method `published`: fitted curves, and draws of utilisation and PUE."""
    multipliers = study.fleet.serving_multiplier
    of = {"utilisation": study.power_utilisation, "pue": study.pue} | multipliers
    drawn = {what: evenly(spec, PUBLISHED_DRAWS, seed, name, "page", what) for what, spec in of.items()}
    order = np.argsort(drawn["utilisation"] * drawn["pue"])
    drawn = {what: values[order] for what, values in drawn.items()}
    place = f"config/studies/{name}.yaml: fleet.overheads"
    curves = {model: curve for model, curve in fitted_models(fit).items() if model in study.model_classes()}
    rows = {row["model"]: row for row in fit.iter_rows(named=True)}
    kinds = {}
    for workload, spec in study.workloads.items():
        queries = lengths.lengths(spec.plain(), f"config/studies/{name}.yaml", pl.DataFrame(), pl.DataFrame())
        kinds[workload] = {
            "lengths": _points(queries.by_answer()),
            "mean_unit_wh": {
                model: queries.mean(
                    unit_energy_wh(
                        node_power_kw=study.node_power_kw.of_model(model),
                        output_tokens=queries.output_tokens,
                        tok_per_s=curve.tok_per_s(queries.input_tokens, queries.output_tokens),
                    )
                )
                for model, curve in curves.items()
            },
            "overhead": overhead_factor(study.fleet.overheads[workload], overheads, place) - 1,
        }
    shared = {"utilisation": drawn["utilisation"], "pue": drawn["pue"]}
    return {
        "states": {
            state: shared | {"kinds": {kind: of | {"divisor": divisors(kind)} for kind, of in kinds.items()}}
            for state, divisors in (("plain", lambda _: np.ones(PUBLISHED_DRAWS)), ("applied", drawn.get))
        },
        "members": {
            model: {"model": model, "node_power_kw": study.node_power_kw.of_model(model)}
            | {part: rows[model][part] for part in CURVE}
            for model in curves
        },
        "gpus_per_node": {},
        "onsite_water_l_per_kwh": None,
    }
