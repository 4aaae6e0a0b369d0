"""Wiring of rule model_sweeps."""

import polars as pl
from inference_energy.fleet import sweeps, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    job.write(tables, table=sweeps.gathered(map(pl.read_parquet, snakemake.input.sweeps)))
