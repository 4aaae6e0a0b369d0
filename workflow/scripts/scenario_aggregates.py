"""Wiring of rule scenario_aggregates."""

from pathlib import Path

import polars as pl
from inference_energy import input_tables, log, registries, result_tables, scenarios, tables

with log.job(snakemake) as logger:
    aggregates = scenarios.scenario_aggregates(
        study_name=snakemake.wildcards.study,
        study=snakemake.params.study,
        energy=pl.read_parquet(snakemake.input.energy),
        fit=pl.read_parquet(snakemake.input.fit),
        overheads=registries.read_registry(Path(snakemake.input.overheads), input_tables.Overhead),
        seed=snakemake.params.seed,
    )
    tables.write(aggregates, snakemake.output[0], result_tables.SCENARIO_AGGREGATES)
    logger.info("%s", aggregates)
