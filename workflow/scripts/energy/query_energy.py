"""Wiring of rule query_energy."""

import polars as pl
from inference_energy.energy import curves, per_query, resolve, tables
from inference_energy.fleet import tables as fleet_tables, variance
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = resolve.read_service(snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    borrowed = curves.borrowed_members(job.table("fit"))
    boundaries, density = job.call(per_query.energy_per_query, service, borrowed=borrowed)
    job.write(
        tables,
        fleet_tables,
        boundaries=boundaries,
        density=density,
        variance=job.call(variance.variance_shares, service, draws=snakemake.params.fleet_draws),
        energy=boundaries.filter(pl.col("boundary") == service.study.boundary.query),
    )
