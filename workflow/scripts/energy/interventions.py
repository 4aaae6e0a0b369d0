"""Wiring of rule interventions."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy import interventions, resolve, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = resolve.read_service(snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    table = read_registry(job.path("interventions"), tables.InterventionRow)
    job.write(tables, table=job.call(interventions.intervention_multipliers, service, table))
