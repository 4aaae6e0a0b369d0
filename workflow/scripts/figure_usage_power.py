"""Wiring of rule figure_usage_power."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.usage_power import usage_power_figure

with log.job(snakemake):
    chart = usage_power_figure(
        steps=pl.read_parquet(snakemake.input.steps),
        capacity=pl.read_parquet(snakemake.input.capacity),
        usage=snakemake.params.usage,
    )
    render.save(chart, snakemake.output)
