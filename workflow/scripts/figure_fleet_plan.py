"""Wiring of rule figure_fleet_plan."""

from pathlib import Path

import polars as pl
from inference_energy import input_tables, log, registries, render
from inference_energy.figures.fleet_plan import fleet_plan_figure

with log.job(snakemake):
    chart = fleet_plan_figure(
        scenarios=pl.read_parquet(snakemake.input.scenarios),
        plan=pl.read_parquet(snakemake.input.plan),
        references=registries.read_registry(Path(snakemake.input.references), input_tables.ReferenceLoad),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
