"""Wiring of rule figure_energy_by_class."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.energy.energy_by_class import energy_by_class_figure

with jobs.job(snakemake):
    chart = energy_by_class_figure(energy=pl.read_parquet(snakemake.input.energy), study=snakemake.params.study)
    render.save(chart, snakemake.output)
