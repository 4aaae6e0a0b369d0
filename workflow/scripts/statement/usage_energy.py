"""Wiring of rule usage_energy."""

from inference_energy.corpus import registries
from inference_energy.energy.read import read_tables
from inference_energy.fleet.tables import GridZone
from inference_energy.statement import build, tables
from inference_energy.studies.study import whole
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    _, registry = registries.read_models(job.path("registry"))
    found = job.call(
        build.accounts,
        study=whole(snakemake.params.study),
        tables=read_tables(snakemake.input, snakemake.params.repeated),
        registry=registry,
        grid=registries.read_registry(job.path("grid"), GridZone),
        logger=job.logger,
    )
    job.write(tables, **found, told=found["capacity"])
