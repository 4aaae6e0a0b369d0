"""Wiring of rule query_energy."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.energy import curves, per_query, resolve, tables as energy_tables
from inference_energy.fleet import tables as fleet_tables, variance as fleet_variance
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    name, study, seed = snakemake.wildcards.study, NestedStudy.of(snakemake.params.study), snakemake.params.seed
    fit = pl.read_parquet(snakemake.input.fit)
    service = resolve.resolved(name, study, fit, resolve.read_tables(snakemake.input))
    boundaries, density = per_query.energy_per_query(
        service,
        borrowed=curves.borrowed_members(fit),
        draws=snakemake.params.draws,
        fleet_draws=snakemake.params.fleet_draws,
        seed=seed,
    )
    variance = fleet_variance.variance_shares(service, draws=snakemake.params.fleet_draws, seed=seed)
    summary = boundaries.filter(pl.col("boundary") == study.boundary.query)
    writing.write_all(
        snakemake.output,
        boundaries=(boundaries, energy_tables.ENERGY_BY_BOUNDARY),
        density=(density, energy_tables.ENERGY_DENSITY),
        variance=(variance, fleet_tables.VARIANCE_SHARES),
        energy=(summary, energy_tables.ENERGY_PER_QUERY),
    )
    logger.info("%s", summary)
