"""Wiring of rule model_sweep."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.common.files import name_of
from inference_energy.energy import resolve
from inference_energy.fleet import sweeps, tables as fleet_tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    named, params = snakemake.wildcards, snakemake.params
    read = resolve.read_tables(snakemake.input, resolve.ServedTables)
    service = resolve.resolved(named.study, NestedStudy.of(params.study), pl.read_parquet(snakemake.input.fit), read)
    table = sweeps.model_sweep(
        service,
        model=name_of(named.model),
        parameter=named.parameter,
        values=params["values"],
        draws=params.draws,
        seed=params.seed,
    )
    writing.write(table, snakemake.output[0], fleet_tables.MODEL_SWEEPS)
    logger.info("%s", table)
