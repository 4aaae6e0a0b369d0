"""Wiring of rule intervention_multipliers."""

from inference_energy.oviedo import interventions, tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    job.write(tables, table=job.call(interventions.intervention_multipliers, study_name=name, study=study))
