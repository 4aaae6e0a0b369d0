"""Wiring of rule method_bridge."""

from pathlib import Path

import polars as pl
from inference_energy import bridge, lever_evidence, log, nested_tables, registries, services, tables

with log.job(snakemake) as logger:
    params = snakemake.params
    levers = registries.read_registry(Path(snakemake.input.interventions), lever_evidence.Intervention)
    read = services.read_tables(snakemake.input)
    energy, scenarios = (pl.read_parquet(snakemake.input[name]) for name in ("energy", "scenarios"))
    steps = [(params.begin, "", bridge.of_published(energy, scenarios, params.subject))]
    for name, (change, study) in params.steps.items():
        service = services.resolved(name, study, services.fitted(name, study, read), read)
        steps.append((name, change, bridge.of_nested(service, levers, draws=params.draws, seed=params.seed)))
    table = bridge.method_bridge(steps)
    tables.write(table, snakemake.output[0], nested_tables.METHOD_BRIDGE)
    logger.info("%s", table)
