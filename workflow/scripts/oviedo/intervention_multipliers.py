"""Wiring of rule intervention_multipliers."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.oviedo import interventions, tables as oviedo_tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    multipliers = interventions.intervention_multipliers(
        study_name=snakemake.wildcards.study,
        study=PublishedStudy.of(snakemake.params.study),
        fit=pl.read_parquet(snakemake.input.fit),
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
    writing.write(multipliers, snakemake.output[0], oviedo_tables.INTERVENTION_MULTIPLIERS)
    logger.info("%s", multipliers)
