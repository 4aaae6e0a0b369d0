"""Wiring of rule figure_fleet_scenarios."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.figures import render
from inference_energy.figures.oviedo.fleet_scenarios import fleet_scenarios_figure
from inference_energy.fleet import tables

with jobs.job(snakemake):
    chart = fleet_scenarios_figure(
        scenarios=pl.read_parquet(snakemake.input.scenarios),
        references=registries.read_registry(Path(snakemake.input.references), tables.ReferenceLoad),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
