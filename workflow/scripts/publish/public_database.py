"""Wiring of rule public_database."""

from pathlib import Path

from inference_energy.common import jobs
from inference_energy.publish import catalogue, database as publish_database
from inference_energy.tables import database

with jobs.job(snakemake) as logger:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    meanings = publish_database.meanings(catalogue.BY_NAME, snakemake.input.views)
    database.write(Path(snakemake.output[0]), frames, meanings)
    logger.info("%d tables, %d views", len(frames), len(meanings) - len(frames))
