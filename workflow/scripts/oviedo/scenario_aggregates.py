"""Wiring of rule scenario_aggregates."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import tables as energy_tables
from inference_energy.oviedo import scenarios, tables as oviedo_tables
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    aggregates = scenarios.scenario_aggregates(
        study_name=snakemake.wildcards.study,
        study=PublishedStudy.of(snakemake.params.study),
        energy=pl.read_parquet(snakemake.input.energy),
        fit=pl.read_parquet(snakemake.input.fit),
        overheads=registries.read_registry(Path(snakemake.input.overheads), energy_tables.Overhead),
        seed=snakemake.params.seed,
    )
    writing.write(aggregates, snakemake.output[0], oviedo_tables.SCENARIO_AGGREGATES)
    logger.info("%s", aggregates)
