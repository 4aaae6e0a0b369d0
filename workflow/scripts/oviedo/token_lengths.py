"""Wiring of rule token_lengths."""

from inference_energy.oviedo import tables, token_lengths
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    density, quantiles = token_lengths.token_lengths(PublishedStudy.of(snakemake.params.study))
    job.write(tables, density=density, quantiles=quantiles)
