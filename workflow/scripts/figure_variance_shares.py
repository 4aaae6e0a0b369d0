"""Wiring of rule figure_variance_shares."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.variance_shares import variance_shares_figure

with log.job(snakemake):
    chart = variance_shares_figure(variance=pl.read_parquet(snakemake.input.variance), study=snakemake.params.study)
    render.save(chart, snakemake.output)
