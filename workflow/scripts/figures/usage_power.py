"""Wiring of rule figure_usage_power."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.statement.usage_power import usage_power_figure

with jobs.job(snakemake):
    chart = usage_power_figure(
        steps=pl.read_parquet(snakemake.input.steps),
        capacity=pl.read_parquet(snakemake.input.capacity),
        usage=snakemake.params.usage,
    )
    render.save(chart, snakemake.output)
