"""Wiring of rule public_database."""

from pathlib import Path

from inference_energy.common import jobs
from inference_energy.publish import catalogue, database as publish_database
from inference_energy.tables import database

with jobs.job(snakemake) as logger:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    views = {path.stem: path.read_text(encoding="utf-8") for path in map(Path, snakemake.input.views)}
    meanings = publish_database.meanings(catalogue.BY_NAME, views)
    database.write(Path(snakemake.output[0]), frames, meanings)
    logger.info("%d tables, %d views", len(frames), len(meanings) - len(frames))
