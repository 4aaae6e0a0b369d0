"""Wiring of rule fleet."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy.read import read_service
from inference_energy.fleet import scenarios, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = job.call(read_service, snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    of = scenarios.fleets(service)
    job.write(
        tables,
        hours=scenarios.fleet_hours(service, of),
        plan=job.call(scenarios.fleet_plan, service, of, grid=read_registry(job.path("grid"), tables.GridZone)),
        scenarios=scenarios.scenario_aggregates(service, of),
    )
