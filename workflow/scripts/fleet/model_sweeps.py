"""Wiring of rule model_sweeps."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.fleet import sweeps, tables as fleet_tables
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    table = sweeps.gathered(pl.read_parquet(file) for file in snakemake.input.sweeps)
    writing.write(table, snakemake.output[0], fleet_tables.MODEL_SWEEPS)
    logger.info("%s", table)
