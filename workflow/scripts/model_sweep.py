"""Wiring of rule model_sweep."""

import polars as pl
from inference_energy import log, nested_tables, services, sweeps, tables
from inference_energy.file_names import name_of

with log.job(snakemake) as logger:
    named, params = snakemake.wildcards, snakemake.params
    read = services.read_tables(snakemake.input, services.ServedTables)
    service = services.resolved(named.study, params.study, pl.read_parquet(snakemake.input.fit), read)
    table = sweeps.model_sweep(
        service,
        model=name_of(named.model),
        parameter=named.parameter,
        values=params["values"],
        draws=params.draws,
        seed=params.seed,
    )
    tables.write(table, snakemake.output[0], nested_tables.MODEL_SWEEPS)
    logger.info("%s", table)
