"""Wiring of rule figure_usage_models."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.usage_models import usage_models_figure

with log.job(snakemake):
    chart = usage_models_figure(
        statement=pl.read_parquet(snakemake.input.statement),
        usage=snakemake.params.usage,
    )
    render.save(chart, snakemake.output)
