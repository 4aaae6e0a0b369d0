"""Wiring of rule nested_energy."""

import polars as pl
from inference_energy import log, nested, nested_tables, result_tables, services, tables, variance_shares

with log.job(snakemake) as logger:
    name, study, seed = snakemake.wildcards.study, snakemake.params.study, snakemake.params.seed
    fit = pl.read_parquet(snakemake.input.fit)
    service = services.resolved(name, study, fit, services.read_tables(snakemake.input))
    boundaries, density = nested.energy_per_query(
        service,
        borrowed=services.borrowed_members(fit),
        draws=snakemake.params.draws,
        fleet_draws=snakemake.params.fleet_draws,
        seed=seed,
    )
    variance = variance_shares.variance_shares(service, draws=snakemake.params.fleet_draws, seed=seed)
    summary = boundaries.filter(pl.col("boundary") == study["boundary"]["query"])
    for frame, output, schema in (
        (boundaries, "boundaries", nested_tables.ENERGY_BY_BOUNDARY),
        (density, "density", result_tables.ENERGY_DENSITY),
        (variance, "variance", nested_tables.VARIANCE_SHARES),
        (summary, "energy", nested_tables.ENERGY_PER_QUERY),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[output], schema)
    logger.info("%s", summary)
