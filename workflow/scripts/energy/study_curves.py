"""Wiring of rule study_curves."""

from inference_energy.energy import assumptions, curves, resolve, tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import wiring
from inference_energy.throughput import tables as throughput_tables

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, NestedStudy.of(snakemake.params.study)
    read = resolve.read_tables(snakemake.input)
    fit = curves.fitted(name, study, read)
    service = resolve.resolved(name, study, fit, read)
    job.write(tables, throughput_tables, assumed=assumptions.assumed(name, service.given, fit), fit=fit)
