"""Wiring of rule intervention_multipliers."""

import polars as pl
from inference_energy import interventions, log, result_tables, tables

with log.job(snakemake) as logger:
    multipliers = interventions.intervention_multipliers(
        study_name=snakemake.wildcards.study,
        study=snakemake.params.study,
        fit=pl.read_parquet(snakemake.input.fit),
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
    tables.write(multipliers, snakemake.output[0], result_tables.INTERVENTION_MULTIPLIERS)
    logger.info("%s", multipliers)
