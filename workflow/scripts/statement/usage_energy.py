"""Wiring of rule usage_energy."""

from inference_energy.corpus import registries
from inference_energy.energy.read import read_tables
from inference_energy.fleet.tables import GridZone
from inference_energy.statement import build, carbon, input_tables, tables
from inference_energy.studies.study import whole
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    params = snakemake.params
    _, registry = registries.read_models(job.path("registry"))
    generation = registries.read_registry(job.path("generation"), input_tables.GenerationFactor)
    found = job.call(
        build.accounts,
        study=whole(params.study),
        tables=read_tables(snakemake.input, params.repeated),
        registry=registry,
        grid=registries.read_registry(job.path("grid"), GridZone),
        clouds=registries.read_registry(job.path("clouds"), input_tables.CloudRegion),
        servers=registries.read_registry(job.path("servers"), input_tables.EmbodiedServer),
        hours=carbon.read_all(params.usage, generation, params.place),
        logger=job.logger,
    )
    job.write(tables, **found, told=found["capacity"])
