"""Wiring of rule query_energy."""

import polars as pl
from inference_energy.energy import assumptions, per_query, tables
from inference_energy.energy.read import read_service
from inference_energy.fleet import tables as fleet_tables, variance
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = job.call(read_service, snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    boundaries, density = per_query.energy_per_query(service)
    job.write(
        tables,
        fleet_tables,
        assumed=assumptions.assumed(service.name, service.given),
        boundaries=boundaries,
        density=density,
        variance=variance.variance_shares(service),
        energy=boundaries.filter(pl.col("boundary") == service.study.boundary.query),
    )
