"""Wiring of rule scenario_aggregates."""

from inference_energy.corpus.registries import read_registry
from inference_energy.energy.tables import Overhead
from inference_energy.oviedo import scenarios, tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    overheads = read_registry(job.path("overheads"), Overhead)
    job.write(tables, table=job.call(scenarios.scenario_aggregates, study_name=name, study=study, overheads=overheads))
