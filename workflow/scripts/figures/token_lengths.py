"""Wiring of rule figure_token_lengths."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.oviedo.token_lengths import token_lengths_figure

with jobs.job(snakemake):
    chart = token_lengths_figure(
        density=pl.read_parquet(snakemake.input.density),
        quantiles=pl.read_parquet(snakemake.input.quantiles),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
