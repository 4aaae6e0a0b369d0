"""Assumptions over a range, one or two at a time, everything else as in the study: for its fleet or one model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl

from inference_energy.energy import assumptions
from inference_energy.energy.service import Service
from inference_energy.fleet.scenarios import Fleet
from inference_energy.fleet.tables import MODEL_SWEEPS, SWEEP_GRIDS, SWEEPS
from inference_energy.statistics import quantiles
from inference_energy.studies.study import WORKLOADS
from inference_energy.studies.swept import OF_A_DAY
from inference_energy.tables.columns import types_of

# Assumptions that are swept for the traditional query, and for the fleet's mix of queries.
OF_A_QUERY = ("input_tokens", "output_tokens")
NAMES = {"speed_tok_per_s": "speed"}  # of ingredients of the shared uncertainty that have another name in a study
PER_QUERY_UNIT, PER_DAY_UNIT = "Wh per query", "GWh/day"


def sweeps(service: Service) -> pl.DataFrame:
    """Mean energy of a query, or of a day, of the fleet at every value of the study's `sweeps`.

    The intervals are over all other shared uncertainty. `long_share` sweeps the fleet's day within its boundary; the
    lengths sweep the traditional query; all others both workloads of the fleet. Nothing reaches some speeds: these have
    no row.
    """
    subject = service.study.fleet.subject
    service = service.narrowed(subject)
    found = [
        {"study": service.name, "parameter": parameter, "value": float(value)} | row
        for parameter, values in (service.study.sweeps or {}).items()
        for value in values
        for row in at(service, subject, {parameter: value})
    ]
    return pl.DataFrame(found, schema=types_of(SWEEPS))


def grids(service: Service) -> pl.DataFrame:
    """The same for every pair of values of two assumptions of the study's `grids`."""
    subject = service.study.fleet.subject
    service = service.narrowed(subject)
    found = []
    for name, swept in (service.study.grids or {}).items():
        (x_parameter, xs), (y_parameter, ys) = swept.items()
        place = {"study": service.name, "grid": name, "x_parameter": x_parameter, "y_parameter": y_parameter}
        for x, y in product(xs, ys):
            rows = at(service, subject, {x_parameter: x, y_parameter: y})
            found += [place | {"x": float(x), "y": float(y)} | row for row in rows]
    return pl.DataFrame(found, schema=types_of(SWEEP_GRIDS))


def model_sweep(service: Service, *, model: str, parameter: str, values: Sequence[float]) -> pl.DataFrame:
    """Mean energy of a query that one model serves at every value of one assumption, as `sweeps` has it for the fleet.

    What is drawn is that of the study, whatever other models it has: a row at the value of the study equals its row of
    `energy_per_query` for the model, spread `shared`.
    """
    _, of_class = service.study.subjects()[model]
    place = {"study": service.name, "model": model, "model_class": service.study.classes[of_class].model_class}
    service = service.narrowed(model)
    found = [
        place | {"parameter": parameter, "value": float(value)} | row
        for value in values
        for row in at(service, model, {parameter: value})
    ]
    return pl.DataFrame(found, schema=types_of(MODEL_SWEEPS))


def gathered(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """One table of the sweeps of models, the same whatever the order of its parts."""
    table = pl.concat([pl.DataFrame(schema=types_of(MODEL_SWEEPS)), *parts])
    return table.sort("study", "model", "parameter", "value", "workload")


def at(service: Service, subject: str, values: Mapping[str, float]) -> Iterator[dict]:
    """Workload, unit, P5, P50, P95 and mean of the energy with some assumptions set."""
    there = service
    for parameter, value in values.items():
        there = with_value(there, parameter, value)
    if OF_A_DAY in values:
        fleet = Fleet.of(there, values[OF_A_DAY])
        if fleet.served:
            day = fleet.total_gwh_per_day(service.study.boundary.fleet)
            yield {"workload": "all", "unit": PER_DAY_UNIT} | quantiles.of_draws(day, quantiles.PERCENTILES)
        return
    for workload in ("traditional",) if set(values) & set(OF_A_QUERY) else WORKLOADS:
        means, weights = there.mean_wh(subject, workload)
        if weights.any():
            found = quantiles.of_weighted(means[service.study.boundary.query], weights, quantiles.PERCENTILES)
            yield {"workload": workload, "unit": PER_QUERY_UNIT} | found


def with_value(service: Service, parameter: str, value: float) -> Service:
    """A service with one assumption set; the share of long queries is not one of the service."""
    if parameter == OF_A_DAY:
        return service
    if parameter == "speculative_share":
        serving = service.study.serving.replaced(speculative_share=value)
        return replace(service, study=service.study.replaced(serving=serving)).sharing(service.shared)
    if parameter in OF_A_QUERY:
        of = service.lengths["traditional"]
        return service.with_lengths(
            {"traditional": replace(of, **{parameter: np.full_like(getattr(of, parameter), value)})}
        )
    if parameter == "cached_share":
        # In place of what a trace says per request, too.
        shared = service.shared
        for workload in WORKLOADS:
            shared = shared.replaced(assumptions.cached_name(workload), value)
        lengths = {
            name: replace(of, cached_share=np.zeros_like(of.cached_share))
            for name, of in service.lengths.items()
            if name in WORKLOADS
        }
        return service.sharing(shared).with_lengths(lengths)
    return service.sharing(service.shared.replaced(NAMES.get(parameter, parameter), value))
