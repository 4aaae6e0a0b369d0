"""Wiring of rule sweeps."""

from inference_energy.energy.read import read_service
from inference_energy.fleet import sweeps, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    service = job.call(read_service, snakemake.wildcards.study, snakemake.params.study, snakemake.input)
    job.write(tables, sweeps=sweeps.sweeps(service), grids=sweeps.grids(service))
