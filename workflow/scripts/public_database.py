"""Wiring of rule public_database."""

from pathlib import Path

from inference_energy import catalogue, data_dictionary, database, log, public_database

with log.job(snakemake) as logger:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    entries = data_dictionary.data_dictionary(catalogue.PUBLIC_TABLES)
    meanings = public_database.meanings(catalogue.BY_NAME, entries)
    database.write(Path(snakemake.output[0]), frames, meanings)
    logger.info("%d tables, %d views", len(frames), len(meanings) - len(frames))
