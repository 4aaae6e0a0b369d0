"""From the published estimate to the current one, one change of method or data at a time."""

from itertools import pairwise

import polars as pl

from inference_energy.energy import per_query
from inference_energy.energy.service import Service
from inference_energy.fleet.scenarios import fleets, scenario_aggregates
from inference_energy.headline.declarations import ENERGY, FLEETS, Quantity, energy_cell, fleet_cell
from inference_energy.headline.quantities import Results
from inference_energy.studies.study import WORKLOADS

SCENARIOS = ("traditional", "mixed", "mixed_optimized")


def declared(subject: str, method: str) -> dict[str, Quantity]:
    """Quantities followed from step to step, by id: medians and means of queries of a class of models, means of fleets.

    The published trimming is symmetric, so it moves none of them: medians stay, and fleets use all draws anyway. With
    method `published` they are over all draws; with `nested`, the mean over queries has the shared uncertainty.
    """
    spread = "shared" if method == "nested" else "untrimmed"
    medians = {f"{name}: median of queries": energy_cell(name, subject, "untrimmed") for name in WORKLOADS}
    means = {f"{name}: mean over queries": energy_cell(name, subject, spread, "mean") for name in WORKLOADS}
    days = {f"{name} fleet: mean": fleet_cell(name, "mean") for name in SCENARIOS}
    return {
        name: Quantity(id=name, source=source, unit=unit)
        for sources, unit in ((medians | means, "Wh"), (days, "GWh/day"))
        for name, source in sources.items()
    }


UNITS = {name: quantity.unit for name, quantity in declared("", "published").items()}


def of_published(energy: pl.DataFrame, scenarios: pl.DataFrame, subject: str) -> dict[str, float]:
    """The quantities of a study of method `published`, from its result tables."""
    return _values(declared(subject, "published"), energy, scenarios)


def of_nested(service: Service) -> dict[str, float]:
    """The quantities of a study of method `nested`."""
    subject = service.study.fleet.subject
    service = service.narrowed(subject)
    rows = [row for workload in WORKLOADS for row in per_query.of_subject(service, subject, workload)[0]]
    queries = pl.DataFrame(rows, infer_schema_length=None).filter(boundary=service.study.boundary.query)
    return _values(declared(subject, "nested"), queries, scenario_aggregates(service, fleets(service)))


def _values(quantities: dict[str, Quantity], energy: pl.DataFrame, days: pl.DataFrame) -> dict[str, float]:
    results = Results({ENERGY: energy, FLEETS: days})
    return {name: results.value(quantity.source) for name, quantity in quantities.items()}


def method_bridge(steps: list[tuple[str, str, dict[str, float]]]) -> pl.DataFrame:
    """One row per step and quantity with its value before and after.

    A step has its study, what it changes, and its quantities; the first is where the bridge begins.
    """
    return pl.DataFrame(
        [
            {"step": number, "study": study, "change": change, "quantity": quantity, "unit": unit}
            | {"before": before[quantity], "after": after[quantity], "factor": after[quantity] / before[quantity]}
            for number, ((_, _, before), (study, change, after)) in enumerate(pairwise(steps), start=1)
            for quantity, unit in UNITS.items()
        ]
    )
