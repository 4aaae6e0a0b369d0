"""Wiring of rule interventions."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import interventions, resolve, tables as energy_tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    fit = pl.read_parquet(snakemake.input.fit)
    read = resolve.read_tables(snakemake.input)
    multipliers = interventions.intervention_multipliers(
        resolve.resolved(snakemake.wildcards.study, NestedStudy.of(snakemake.params.study), fit, read),
        registries.read_registry(Path(snakemake.input.interventions), energy_tables.InterventionRow),
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
    schema = energy_tables.INTERVENTION_MULTIPLIERS
    writing.write(multipliers.select(list(schema.columns)), snakemake.output[0], schema)
    logger.info("%s", multipliers)
