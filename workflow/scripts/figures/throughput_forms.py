"""Wiring of rule figure_throughput_forms."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.throughput.throughput_forms import throughput_forms_figure

with jobs.job(snakemake):
    chart = throughput_forms_figure(
        left_out=pl.read_parquet(snakemake.input.left_out), forms=pl.read_parquet(snakemake.input.forms)
    )
    render.save(chart, snakemake.output)
