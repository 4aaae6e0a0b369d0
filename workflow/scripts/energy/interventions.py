"""Wiring of rule interventions."""

from inference_energy.energy import interventions, tables
from inference_energy.energy.read import read_service
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = job.call(read_service, snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    job.write(tables, table=job.call(interventions.intervention_multipliers, service))
