"""Wiring of rule nested_fit."""

from inference_energy import log, nested_tables, services, tables

with log.job(snakemake) as logger:
    name, study = snakemake.wildcards.study, snakemake.params.study
    read = services.read_tables(snakemake.input)
    fit = services.fitted(name, study, read)
    service = services.resolved(name, study, fit, read)
    for frame, output, schema in (
        (fit, "fit", nested_tables.THROUGHPUT_FIT),
        (services.assumed(name, service.given, fit), "assumed", nested_tables.ASSUMED),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[output], schema)
    logger.info("%s", fit)
