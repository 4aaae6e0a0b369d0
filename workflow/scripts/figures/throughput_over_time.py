"""Wiring of rule figure_throughput_over_time."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.corpus.throughput_over_time import throughput_over_time_figure

with jobs.job(snakemake):
    chart = throughput_over_time_figure(throughput=pl.read_parquet(snakemake.input.throughput))
    render.save(chart, snakemake.output)
