"""Wiring of rule figure_variance_shares."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.fleet.variance_shares import variance_shares_figure

with jobs.job(snakemake):
    chart = variance_shares_figure(variance=pl.read_parquet(snakemake.input.variance), study=snakemake.params.study)
    render.save(chart, snakemake.output)
