"""Wiring of rule fleet."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import resolve, tables as energy_tables
from inference_energy.fleet import scenarios, sweeps, tables as fleet_tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    draws, seed = snakemake.params.draws, snakemake.params.seed
    fit = pl.read_parquet(snakemake.input.fit)
    read = resolve.read_tables(snakemake.input)
    grid = registries.read_registry(Path(snakemake.input.grid), fleet_tables.GridZone)
    table = registries.read_registry(Path(snakemake.input.interventions), energy_tables.InterventionRow)
    service = resolve.resolved(snakemake.wildcards.study, NestedStudy.of(snakemake.params.study), fit, read)
    of = scenarios.fleets(service, table, draws=draws, seed=seed)
    aggregates = scenarios.scenario_aggregates(service, of)
    plan = scenarios.fleet_plan(service, of, hardware=read.hardware, grid=grid, seed=seed)
    writing.write_all(
        snakemake.output,
        sweeps=(sweeps.sweeps(service, draws=draws, seed=seed), fleet_tables.SWEEPS),
        plan=(plan, fleet_tables.FLEET_PLAN),
        scenarios=(aggregates, fleet_tables.SCENARIO_AGGREGATES),
    )
    logger.info("%s", aggregates)
