"""Wiring of rule energy_per_query."""

from inference_energy.energy.tables import ENERGY_DENSITY
from inference_energy.oviedo import energy, tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring, writing

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    summary, density = job.call(energy.energy_per_query, study_name=name, study=study)
    # In the order of the frames, which is part of the files.
    writing.write(summary, snakemake.output.energy, tables.ENERGY_PER_QUERY)
    writing.write(density, snakemake.output.density, ENERGY_DENSITY)
    job.logger.info("%s", summary)
