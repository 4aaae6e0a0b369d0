"""Wiring of rule cross_methods."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.energy import resolve
from inference_energy.fleet import tables as fleet_tables, tornado
from inference_energy.oviedo import energy
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing
from inference_energy.validation import (
    methods as validation_methods,
    statements as validation_statements,
    tables as validation_tables,
)

with jobs.job(snakemake) as logger:
    params, read = snakemake.params, resolve.read_tables(snakemake.input)
    service = resolve.resolved(params.name, NestedStudy.of(params.study), pl.read_parquet(snakemake.input.fit), read)
    methods = validation_methods.cross_methods(
        service,
        models=read.models,
        energy=pl.read_parquet(snakemake.input.energy),
        curves=energy.fitted_models(pl.read_parquet(snakemake.input.curves)),
        names=params.settings["models"],
        input_tokens=params.settings["input_tokens"],
        output_tokens=params.settings["output_tokens"],
        draws=params.draws,
        seed=params.seed,
    )
    estimates = pl.read_parquet(snakemake.input.estimates)
    statements = validation_statements.overstatement(
        service, estimates, read.models, draws=params.draws, seed=params.seed
    )
    writing.write_all(
        snakemake.output,
        methods=(methods, validation_tables.CROSS_METHODS),
        parts=(validation_methods.spread_parts(methods), validation_tables.CROSS_METHOD_PARTS),
        statements=(statements, validation_tables.STATEMENTS),
        kinds=(validation_statements.by_kind(statements), validation_tables.STATEMENT_KINDS),
        tornado=(tornado.tornado(service), fleet_tables.TORNADO),
    )
    logger.info("%s", methods)
