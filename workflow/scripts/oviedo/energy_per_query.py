"""Wiring of rule energy_per_query."""

from inference_energy.energy import tables as energy_tables
from inference_energy.oviedo import energy, tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    summary, density = job.call(energy.energy_per_query, study_name=name, study=study)
    job.write(tables, energy_tables, density=density, energy=summary)
