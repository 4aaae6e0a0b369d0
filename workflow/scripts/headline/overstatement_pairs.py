"""Wiring of rule overstatement_pairs."""

from inference_energy.headline import overstatement, tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    job.write(tables, table=job.call(overstatement.overstatement_pairs, study_name=name, study=study))
