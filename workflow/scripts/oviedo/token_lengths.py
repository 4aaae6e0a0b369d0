"""Wiring of rule token_lengths."""

from inference_energy.common import jobs
from inference_energy.oviedo import tables as oviedo_tables
from inference_energy.oviedo import token_lengths
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    density, quantiles = token_lengths.token_lengths(PublishedStudy.of(snakemake.params.study))
    columns = list(oviedo_tables.TOKEN_LENGTH_DENSITY.columns)
    writing.write(density.select(columns), snakemake.output.density, oviedo_tables.TOKEN_LENGTH_DENSITY)
    writing.write(quantiles, snakemake.output.quantiles, oviedo_tables.TOKEN_LENGTH_QUANTILES)
    logger.info("%s", quantiles)
