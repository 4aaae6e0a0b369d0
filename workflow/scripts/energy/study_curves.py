"""Wiring of rule study_curves."""

from inference_energy.common import jobs
from inference_energy.energy import assumptions, curves, resolve, tables as energy_tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing
from inference_energy.throughput import tables as throughput_tables

with jobs.job(snakemake) as logger:
    name, study = snakemake.wildcards.study, NestedStudy.of(snakemake.params.study)
    read = resolve.read_tables(snakemake.input)
    fit = curves.fitted(name, study, read)
    service = resolve.resolved(name, study, fit, read)
    writing.write_all(
        snakemake.output,
        fit=(fit, throughput_tables.THROUGHPUT_FIT),
        assumed=(assumptions.assumed(name, service.given, fit), energy_tables.ASSUMPTIONS),
    )
    logger.info("%s", fit)
