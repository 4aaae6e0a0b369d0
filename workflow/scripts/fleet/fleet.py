"""Wiring of rule fleet."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy import resolve
from inference_energy.energy.tables import InterventionRow
from inference_energy.fleet import scenarios, sweeps, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = resolve.read_service(snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    of = job.call(scenarios.fleets, service, read_registry(job.path("interventions"), InterventionRow))
    job.write(
        tables,
        sweeps=job.call(sweeps.sweeps, service),
        plan=job.call(scenarios.fleet_plan, service, of, grid=read_registry(job.path("grid"), tables.GridZone)),
        scenarios=scenarios.scenario_aggregates(service, of),
    )
