"""One assumption at a time over a range, everything else as in the study: for its fleet, or for one of its models."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.energy import assumptions, uncertainty
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.fleet.scenarios import Fleet, energy_gwh_per_day, of_the_fleet, queries_of
from inference_energy.statistics import quantiles
from inference_energy.studies.study import WORKLOADS, NestedStudy

# Assumptions that are swept for the traditional query, and for the fleet's mix of queries.
OF_A_QUERY = ("input_tokens", "output_tokens")
OF_A_DAY = "long_share"
_SWEPT = {
    **{"parameter": pl.String, "value": pl.Float64, "workload": pl.String, "unit": pl.String},
    **dict.fromkeys((*quantiles.PERCENTILES, "mean"), pl.Float64),
}
COLUMNS = {"study": pl.String} | _SWEPT
MODEL_COLUMNS = {"study": pl.String, "model": pl.String, "model_class": pl.String} | _SWEPT
PER_QUERY_UNIT, PER_DAY_UNIT = "Wh per query", "GWh/day"


def sweeps(service: Service, *, draws: int, seed: int) -> pl.DataFrame:
    """Mean energy of a query, or of a day, of the fleet at every value of the study's `sweeps`.

    The intervals are over all other shared uncertainty. `long_share` sweeps the fleet's day within its
    boundary; the lengths sweep the traditional query; all others both workloads of the fleet.

    Returns:
        `study, parameter, value, workload, unit, p05, p50, p95, mean`.
    """
    service = of_the_fleet(service)
    subject, swept = service.study.fleet.subject, service.study.sweeps or {}
    found = _rows(service, subject, swept, draws=draws, seed=seed)
    return pl.DataFrame([{"study": service.name} | row for row in found], schema=COLUMNS)


def model_sweep(
    service: Service, *, model: str, parameter: str, values: Sequence[float], draws: int, seed: int
) -> pl.DataFrame:
    """Mean energy of a query that one model serves at every value of one assumption, as `sweeps` has it for the fleet.

    The streams of random numbers are those of the study, whatever other models it has: a row at the value of the
    study equals its row of `energy_per_query` for the model, spread `shared`.

    Returns:
        `study, model, model_class, parameter, value, workload, unit, p05, p50, p95, mean`.
    """
    _, of_class = service.subjects()[model]
    place = {"study": service.name, "model": model, "model_class": service.study.classes[of_class].model_class}
    service = service.narrowed(model, WORKLOADS, [service.study.boundary.query])
    found = _rows(service, model, {parameter: values}, draws=draws, seed=seed)
    return pl.DataFrame([place | row for row in found], schema=MODEL_COLUMNS)


def gathered(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One table of the sweeps of models, the same whatever the order of its parts."""
    table = pl.concat([pl.DataFrame(schema=MODEL_COLUMNS), *parts])
    return table.sort("study", "model", "parameter", "value", "workload")


def of_models(study: NestedStudy) -> dict[str, tuple[float, ...]]:
    """What of a study's `sweeps` can be asked about a single model: all but the fleet's mix of queries."""
    return {name: values for name, values in (study.sweeps or {}).items() if name != OF_A_DAY}


def values_of(study: NestedStudy, parameter: str) -> tuple[float, ...]:
    """Values of one assumption that a study sweeps for its models.

    Raises:
        InputError: an assumption that it does not sweep.
    """
    known = of_models(study)
    if parameter not in known:
        raise InputError(f"sweeps: found no {parameter!r}; allowed: {one_of(known)}, which the study sweeps")
    return known[parameter]


def parts_of_model(study: NestedStudy, model: str) -> NestedStudy:
    """What of a study decides the sweeps of one model: no other model, and no workload that is not swept.

    Raises:
        InputError: a model that the study does not have.
    """
    return study.model_alone(model).replaced(workloads={name: study.workloads[name] for name in WORKLOADS})


def _rows(
    service: Service, subject: str, swept: Mapping[str, Sequence[float]], *, draws: int, seed: int
) -> Iterator[dict]:
    shared = uncertainty.shared_draws(service.given, service.name, draws, seed)
    for parameter, values in swept.items():
        for value in values:
            for workload, unit, energy in at(service, shared, subject, parameter, value):
                place = {"parameter": parameter, "value": float(value), "workload": workload, "unit": unit}
                yield place | quantiles.of_draws(energy, quantiles.PERCENTILES)


def at(
    service: Service, shared: Shared, subject: str, parameter: str, value: float
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Workload, unit and energy at every draw with one assumption set."""
    if parameter == OF_A_DAY:
        yield "all", PER_DAY_UNIT, _day(service, shared, value)
        return
    service, shared = _set(service, shared, parameter, value)
    energies, boundary = service.per_gpu_second(shared), service.study.boundary.query
    for workload in ("traditional",) if parameter in OF_A_QUERY else WORKLOADS:
        yield workload, PER_QUERY_UNIT, service.mean_wh(shared, subject, workload, energies)[boundary]


def _day(service: Service, shared: Shared, long_share: float) -> np.ndarray:
    queries = queries_of(long_share, service.study.fleet.queries_per_day)
    day = energy_gwh_per_day(Fleet.of(service, shared, {}), queries, service.study.boundary.fleet)
    return sum(day.values())


def _set(service: Service, shared: Shared, parameter: str, value: float) -> tuple[Service, Shared]:
    if parameter in OF_A_QUERY:
        lengths = {
            name: replace(of, **{parameter: np.full_like(getattr(of, parameter), value)})
            for name, of in service.lengths.items()
        }
        return replace(service, lengths=lengths), shared
    if parameter == "cached_share":
        # In place of what a trace says per request, too.
        lengths = {
            name: replace(of, cached_share=np.zeros_like(of.cached_share)) for name, of in service.lengths.items()
        }
        for workload in WORKLOADS:
            shared = shared.replaced(assumptions.cached_name(workload), value)
        return replace(service, lengths=lengths), shared
    return service, shared.replaced(parameter, value)
