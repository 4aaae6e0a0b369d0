"""Wiring of rule energy_per_query."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.energy import tables as energy_tables
from inference_energy.oviedo import energy, tables as oviedo_tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    summary, density = energy.energy_per_query(
        study_name=snakemake.wildcards.study,
        study=PublishedStudy.of(snakemake.params.study),
        fit=pl.read_parquet(snakemake.input.fit),
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
    writing.write(summary, snakemake.output.energy, oviedo_tables.ENERGY_PER_QUERY)
    writing.write(density, snakemake.output.density, energy_tables.ENERGY_DENSITY)
    logger.info("%s", summary)
