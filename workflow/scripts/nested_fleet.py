"""Wiring of rule nested_fleet."""

from pathlib import Path

import polars as pl
from inference_energy import (
    fleets,
    input_tables,
    lever_evidence,
    log,
    nested_tables,
    registries,
    services,
    sweeps,
    tables,
)

with log.job(snakemake) as logger:
    draws, seed = snakemake.params.draws, snakemake.params.seed
    fit = pl.read_parquet(snakemake.input.fit)
    read = services.read_tables(snakemake.input)
    grid = registries.read_registry(Path(snakemake.input.grid), input_tables.GridZone)
    levers = registries.read_registry(Path(snakemake.input.interventions), lever_evidence.Intervention)
    service = services.resolved(snakemake.wildcards.study, snakemake.params.study, fit, read)
    of = fleets.fleets(service, levers, draws=draws, seed=seed)
    aggregates = fleets.scenario_aggregates(service, of)
    plan = fleets.fleet_plan(service, of, hardware=read.hardware, grid=grid, seed=seed)
    for frame, output, schema in (
        (sweeps.sweeps(service, draws=draws, seed=seed), "sweeps", nested_tables.SWEEPS),
        (plan, "plan", nested_tables.FLEET_PLAN),
        (aggregates, "scenarios", nested_tables.SCENARIO_AGGREGATES),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[output], schema)
    logger.info("%s", aggregates)
