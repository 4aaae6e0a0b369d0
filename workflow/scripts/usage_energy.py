"""Wiring of rule usage_energy."""

from pathlib import Path

import polars as pl
from inference_energy import input_tables, log, registries, services, tables
from inference_energy.usage import accounts, result_tables

with log.job(snakemake) as logger:
    params = snakemake.params
    _, registry = registries.read_models(Path(snakemake.input.registry))
    found = accounts.accounts(
        params.usage,
        params.study_name,
        params.study,
        sums=pl.read_parquet(snakemake.input.sums),
        bills=pl.read_parquet(snakemake.input.bills),
        files=pl.read_parquet(snakemake.input.files),
        tables=services.read_tables(snakemake.input),
        registry=registry,
        grid=registries.read_registry(Path(snakemake.input.grid), input_tables.GridZone),
        draws=params.draws,
        seed=params.seed,
        place=params.place,
        logger=logger,
    )
    for name, frame in found.items():
        schema = result_tables.SCHEMAS[name]
        tables.write(frame.select(list(schema.columns)), snakemake.output[name], schema)
    logger.info("%s", found["capacity"])
