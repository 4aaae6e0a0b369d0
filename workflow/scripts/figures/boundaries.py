"""Wiring of rule figure_boundaries."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.energy.boundaries import boundaries_figure

with jobs.job(snakemake):
    chart = boundaries_figure(energy=pl.read_parquet(snakemake.input.energy), study=snakemake.params.study)
    render.save(chart, snakemake.output)
