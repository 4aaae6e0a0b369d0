"""Wiring of rule model_sweeps."""

import polars as pl
from inference_energy import log, nested_tables, sweeps, tables

with log.job(snakemake) as logger:
    table = sweeps.gathered(pl.read_parquet(file) for file in snakemake.input.sweeps)
    tables.write(table, snakemake.output[0], nested_tables.MODEL_SWEEPS)
    logger.info("%s", table)
