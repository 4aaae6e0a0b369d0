"""Wiring of rule figure_usage_models."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.statement.usage_models import usage_models_figure

with jobs.job(snakemake):
    chart = usage_models_figure(
        statement=pl.read_parquet(snakemake.input.statement),
        usage=snakemake.params.usage,
    )
    render.save(chart, snakemake.output)
