"""Wiring of rule cross_methods."""

import polars as pl
from inference_energy import (
    calibration_tables,
    cross_method,
    energy,
    log,
    overstatement,
    services,
    tables,
    tornado,
)

with log.job(snakemake) as logger:
    params, read = snakemake.params, services.read_tables(snakemake.input)
    service = services.resolved(params.name, params.study, pl.read_parquet(snakemake.input.fit), read)
    methods = cross_method.cross_methods(
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
    statements = overstatement.overstatement(service, estimates, read.models, draws=params.draws, seed=params.seed)
    for frame, output, schema in (
        (methods, "methods", calibration_tables.CROSS_METHODS),
        (cross_method.spread_parts(methods), "parts", calibration_tables.CROSS_METHOD_PARTS),
        (statements, "statements", calibration_tables.STATEMENTS),
        (overstatement.by_kind(statements), "kinds", calibration_tables.STATEMENT_KINDS),
        (tornado.tornado(service), "tornado", calibration_tables.TORNADO),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[output], schema)
    logger.info("%s", methods)
