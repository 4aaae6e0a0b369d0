"""Explorers of studies of either method, from their input tables."""

import polars as pl

from inference_energy.dashboard.engine import Explorer, explorer
from inference_energy.energy import interventions as energy_interventions, resolve
from inference_energy.energy.interventions import Intervention
from inference_energy.energy.resolve import Tables
from inference_energy.oviedo.as_service import as_nested, fit_as_nested
from inference_energy.oviedo.scenarios import overhead_factor
from inference_energy.statistics.distributions import distribution
from inference_energy.studies.study import PublishedStudy, Study

# The published intervention of a fleet, which is not one of those on a query.
FLEET_SERVING = "fleet_serving"


def of_study(
    name: str,
    study: Study,
    fit: pl.DataFrame,
    tables: Tables,
    *,
    interventions: pl.DataFrame,
    zones: pl.DataFrame,
    seed: int,
) -> Explorer:
    """The explorer of one study.

    Args:
        name: its name.
        study: its entries.
        fit: its table `throughput_fit`.
        tables: inputs of the studies.
        interventions: table of `energy.tables.InterventionRow`.
        zones: table of `input_tables.GridZone`.
        seed: seed of all streams.
    """
    of = _nested if study.method == "nested" else _published
    return explorer(
        **of(f"config/studies/{name}.yaml", name, study, fit, tables, interventions),
        hardware=tables.hardware,
        zones=zones,
        seed=seed,
    )


def _nested(file, name, study, fit, tables, interventions) -> dict:
    chosen = energy_interventions.chosen(study.interventions.levers, interventions, f"{file}: interventions.levers")
    return {
        "service": resolve.resolved(name, study, fit, tables),
        "interventions_of": dict.fromkeys(study.workloads, chosen),
        "overhead": None,
        "latency": tables.latency.filter(pl.col("latency_statistic") == "median"),
    }


def _published(file, name, study, fit, tables, _) -> dict:
    nested, place = as_nested(study), f"{file}: fleet.overheads"
    overheads = study.fleet.overheads
    return {
        "service": resolve.resolved(name, nested, fit_as_nested(fit, nested), tables),
        "interventions_of": {workload: _published_interventions(study, workload) for workload in study.workloads},
        "overhead": {
            workload: overhead_factor(overheads[workload], tables.overheads, place) for workload in study.workloads
        },
        "latency": tables.latency.clear(),
    }


def _published_interventions(study: PublishedStudy, workload: str) -> dict[str, Intervention]:
    """Interventions of a workload: those on a query, 1 where they do not act on it, and the fleet's serving system."""
    specs = {
        lever: (spec.label, spec.level, spec.multiplier if workload in spec.workloads else 1.0)
        for lever, spec in study.interventions.levers.items()
    }
    serving = study.fleet.serving_multiplier[workload]
    specs[FLEET_SERVING] = ("Serving, as in the fleet scenarios", "serving", serving)
    return {
        lever: Intervention(
            label=label,
            level=level,
            acts_on="energy",
            multiplier=distribution(spec),
            in_benchmarks=False,
            overlap_group=None,
            source=study.source,
        )
        for lever, (label, level, spec) in specs.items()
    }
