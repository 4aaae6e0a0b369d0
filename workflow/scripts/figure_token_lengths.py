"""Wiring of rule figure_token_lengths."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.token_lengths import token_lengths_figure

with log.job(snakemake):
    chart = token_lengths_figure(
        density=pl.read_parquet(snakemake.input.density),
        quantiles=pl.read_parquet(snakemake.input.quantiles),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
