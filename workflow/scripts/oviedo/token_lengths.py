"""Wiring of rule token_lengths."""

from inference_energy.common import jobs
from inference_energy.oviedo import tables as oviedo_tables, token_lengths
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    density, quantiles = token_lengths.token_lengths(PublishedStudy.of(snakemake.params.study))
    writing.write_all(
        snakemake.output,
        density=(density, oviedo_tables.TOKEN_LENGTH_DENSITY),
        quantiles=(quantiles, oviedo_tables.TOKEN_LENGTH_QUANTILES),
    )
    logger.info("%s", quantiles)
