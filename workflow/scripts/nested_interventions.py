"""Wiring of rule nested_interventions."""

from pathlib import Path

import polars as pl
from inference_energy import lever_evidence, levers, log, nested_tables, registries, services, tables

with log.job(snakemake) as logger:
    fit = pl.read_parquet(snakemake.input.fit)
    read = services.read_tables(snakemake.input)
    multipliers = levers.intervention_multipliers(
        services.resolved(snakemake.wildcards.study, snakemake.params.study, fit, read),
        registries.read_registry(Path(snakemake.input.interventions), lever_evidence.Intervention),
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
    schema = nested_tables.INTERVENTION_MULTIPLIERS
    tables.write(multipliers.select(list(schema.columns)), snakemake.output[0], schema)
    logger.info("%s", multipliers)
