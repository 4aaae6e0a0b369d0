"""Wiring of rule package."""

from pathlib import Path

from inference_energy.answers import packaged
from inference_energy.corpus.registries import read_registry
from inference_energy.energy.read import read_tables
from inference_energy.fleet.tables import GridZone
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    params = snakemake.params
    packaged.write(
        Path(snakemake.output[0]).parent,
        tables=read_tables(snakemake.input, params.repeated),
        grid=read_registry(job.path("grid"), GridZone),
        closed_models=job.table("closed_models"),
        studies=params.studies,
        schema=params.schema,
        version=params.version,
        draws=params.draws,
        seed=params.seed,
    )
