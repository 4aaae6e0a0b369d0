"""Wiring of rule model_sweep."""

from inference_energy.common.files import name_of
from inference_energy.energy.read import read_service
from inference_energy.fleet import sweeps, tables
from inference_energy.tables import wiring, writing

with wiring.job(snakemake) as job:
    named = snakemake.wildcards
    service = job.call(read_service, named.study, snakemake.params.study, snakemake.input)
    table = job.call(sweeps.model_sweep, service, model=name_of(named.model), parameter=named.parameter)
    writing.write(table, snakemake.output[0], tables.MODEL_SWEEPS)
    job.logger.info("%s", table)
