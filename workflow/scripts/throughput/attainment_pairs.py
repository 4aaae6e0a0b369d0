"""Wiring of rule attainment_pairs."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.tables import writing
from inference_energy.throughput import attainment, tables as throughput_tables

with jobs.job(snakemake) as logger:
    pairs = attainment.attainment_pairs(
        **{
            name: pl.read_parquet(snakemake.input[name])
            for name in ("throughput", "models", "hardware", "coefficients")
        }
    )
    writing.write(pairs, snakemake.output[0], throughput_tables.ATTAINMENT_PAIRS)
    logger.info("%s", attainment.summary(pairs))
