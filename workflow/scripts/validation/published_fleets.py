"""Wiring of rule published_fleets."""

import polars as pl
from inference_energy.corpus.registries import read_registry
from inference_energy.energy.read import read_service
from inference_energy.serving import stored
from inference_energy.tables import wiring
from inference_energy.validation import published_fleet, tables

with wiring.job(snakemake) as job:
    service = job.call(read_service, snakemake.params.name, snakemake.params.study, snakemake.input)
    nodes = job.call(
        published_fleet.nodes,
        read_registry(job.path("fleets"), tables.PublishedFleet),
        stored.from_tables(**{name: job.table(name) for name in stored.NAMES}),
        rates=service.rates,
    )
    job.write(tables, table=pl.concat([nodes, job.call(published_fleet.queries, service)]))
