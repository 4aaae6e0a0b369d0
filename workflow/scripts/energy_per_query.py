"""Wiring of rule energy_per_query."""

import polars as pl
from inference_energy import energy, log, result_tables, tables

with log.job(snakemake) as logger:
    summary, density = energy.energy_per_query(
        study_name=snakemake.wildcards.study,
        study=snakemake.params.study,
        fit=pl.read_parquet(snakemake.input.fit),
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
    tables.write(summary, snakemake.output.energy, result_tables.ENERGY_PER_QUERY)
    tables.write(density, snakemake.output.density, result_tables.ENERGY_DENSITY)
    logger.info("%s", summary)
