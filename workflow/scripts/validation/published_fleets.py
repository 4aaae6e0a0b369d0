"""Wiring of rule published_fleets."""

from inference_energy.corpus.registries import read_registry
from inference_energy.serving import stored
from inference_energy.tables import wiring
from inference_energy.validation import published_fleet, tables

with wiring.job(snakemake) as job:
    found = job.call(
        published_fleet.nodes,
        read_registry(job.path("fleets"), tables.PublishedFleet),
        stored.from_tables(**{name: job.table(name) for name in stored.NAMES}),
    )
    job.write(tables, table=found)
