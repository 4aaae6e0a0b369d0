"""Wiring of rule headline."""

from pathlib import Path

import polars as pl
from inference_energy import comparison, input_tables, log, registries, result_tables, tables

with log.job(snakemake) as logger:
    computed = {
        name: comparison.computed_quantities(
            study=study,
            draws=snakemake.params.draws,
            energy=pl.read_parquet(energy),
            interventions=pl.read_parquet(interventions),
            scenarios=pl.read_parquet(scenarios),
            estimates=pl.read_parquet(snakemake.input.estimates),
        )
        for (name, study), energy, interventions, scenarios in zip(
            snakemake.params.studies.items(),
            snakemake.input.energy,
            snakemake.input.interventions,
            snakemake.input.scenarios,
            strict=True,
        )
    }
    published = registries.read_registry(Path(snakemake.input.published), input_tables.PublishedValue)
    headline = comparison.headline(published, computed)
    tables.write(headline, snakemake.output[0], result_tables.HEADLINE)
    logger.info("%s", headline)
