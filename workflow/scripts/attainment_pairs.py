"""Wiring of rule attainment_pairs."""

import polars as pl
from inference_energy import attainment, log, result_tables, tables

with log.job(snakemake) as logger:
    pairs = attainment.attainment_pairs(
        **{
            name: pl.read_parquet(snakemake.input[name])
            for name in ("throughput", "models", "hardware", "coefficients")
        }
    )
    tables.write(pairs, snakemake.output[0], result_tables.ATTAINMENT_PAIRS)
    logger.info("%s", attainment.summary(pairs))
