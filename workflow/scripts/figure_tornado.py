"""Wiring of rule figure_tornado."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.tornado import tornado_figure

with log.job(snakemake):
    chart = tornado_figure(tornado=pl.read_parquet(snakemake.input.tornado))
    render.save(chart, snakemake.output)
