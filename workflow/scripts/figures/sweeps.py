"""Wiring of rule figure_sweeps."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.fleet.sweeps import sweeps_figure

with jobs.job(snakemake):
    chart = sweeps_figure(sweeps=pl.read_parquet(snakemake.input.sweeps), study=snakemake.params.study)
    render.save(chart, snakemake.output)
