"""One assumption at a time over a range, everything else as in the study."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy import fleet_factors, quantiles
from inference_energy.fleet_factors import Shared
from inference_energy.fleets import Fleet, energy_gwh_per_day, of_the_fleet, queries_of
from inference_energy.nested import Service
from inference_energy.studies import WORKLOADS

# Assumptions that the whole fleet shares, and the lengths of the traditional query.
OF_THE_FLEET = ("pue", "load", "attainment", "cached_share")
OF_A_QUERY = ("input_tokens", "output_tokens")
COLUMNS = {
    **{"study": pl.String, "parameter": pl.String, "value": pl.Float64, "workload": pl.String, "unit": pl.String},
    **dict.fromkeys((*quantiles.INTERVAL, "mean"), pl.Float64),
}
PER_QUERY_UNIT, PER_DAY_UNIT = "Wh per query", "GWh/day"


def sweeps(service: Service, *, draws: int, seed: int) -> pl.DataFrame:
    """Mean energy of a query, or of a day, at every value of the study's `sweeps`.

    The intervals are over everything else that the fleet shares. `long_share` sweeps the fleet's day within its
    boundary; the lengths sweep the traditional query; all others both workloads of the fleet.

    Returns:
        `study, parameter, value, workload, unit, p05, p50, p95, mean`.
    """
    service = of_the_fleet(service)
    shared = fleet_factors.shared_draws(service.given, service.name, draws, seed)
    rows = []
    for parameter, values in service.study.get("sweeps", {}).items():
        for value in values:
            for workload, unit, energy in _at(service, shared, parameter, value):
                place = {"study": service.name, "parameter": parameter, "value": float(value), "workload": workload}
                rows.append(place | {"unit": unit} | quantiles.of_draws(energy, quantiles.INTERVAL))
    return pl.DataFrame(rows, schema=COLUMNS)


def _at(service: Service, shared: Shared, parameter: str, value: float) -> list[tuple[str, str, np.ndarray]]:
    spec = service.study["fleet"]
    if parameter == "long_share":
        queries = queries_of({"long_share": value}, spec["queries_per_day"])
        day = energy_gwh_per_day(Fleet.of(service, shared, {}), queries, service.study["boundary"]["fleet"])
        return [("all", PER_DAY_UNIT, sum(day.values()))]
    workloads = ("traditional",) if parameter in OF_A_QUERY else WORKLOADS
    if parameter in OF_A_QUERY:
        lengths = {
            name: replace(of, **{parameter: np.full_like(getattr(of, parameter), value)})
            for name, of in service.lengths.items()
        }
        service = replace(service, lengths=lengths)
    elif parameter == "cached_share":
        # In place of what a trace says per request, too.
        lengths = {
            name: replace(of, cached_share=np.zeros_like(of.cached_share)) for name, of in service.lengths.items()
        }
        service = replace(service, lengths=lengths)
        for workload in workloads:
            shared = shared.replaced(fleet_factors.cached_name(workload), np.full(1, value))
    else:
        shared = shared.replaced(parameter, np.full(1, value))
    fleet, boundary = Fleet.of(service, shared, {}), service.study["boundary"]["query"]
    return [(workload, PER_QUERY_UNIT, fleet.mean_wh(workload, boundary)) for workload in workloads]
