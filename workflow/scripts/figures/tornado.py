"""Wiring of rule figure_tornado."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.fleet.tornado import tornado_figure

with jobs.job(snakemake):
    chart = tornado_figure(tornado=pl.read_parquet(snakemake.input.tornado))
    render.save(chart, snakemake.output)
