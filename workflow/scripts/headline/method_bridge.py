"""Wiring of rule method_bridge."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import curves, resolve, tables as energy_tables
from inference_energy.headline import bridge, tables as headline_tables
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    params = snakemake.params
    table = registries.read_registry(Path(snakemake.input.interventions), energy_tables.InterventionRow)
    read = resolve.read_tables(snakemake.input)
    energy, scenarios = (pl.read_parquet(snakemake.input[name]) for name in ("energy", "scenarios"))
    steps = [(params.begin, "", bridge.of_published(energy, scenarios, params.subject))]
    for name, (change, entries) in params.steps.items():
        study = NestedStudy.of(entries)
        service = resolve.resolved(name, study, curves.fitted(name, study, read), read)
        steps.append((name, change, bridge.of_nested(service, table, draws=params.draws, seed=params.seed)))
    table = bridge.method_bridge(steps)
    writing.write(table, snakemake.output[0], headline_tables.METHOD_BRIDGE)
    logger.info("%s", table)
