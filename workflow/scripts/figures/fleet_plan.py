"""Wiring of rule figure_fleet_plan."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.figures import render
from inference_energy.figures.fleet.fleet_plan import fleet_plan_figure
from inference_energy.fleet import tables

with jobs.job(snakemake):
    chart = fleet_plan_figure(
        scenarios=pl.read_parquet(snakemake.input.scenarios),
        plan=pl.read_parquet(snakemake.input.plan),
        references=registries.read_registry(Path(snakemake.input.references), tables.ReferenceLoad),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
