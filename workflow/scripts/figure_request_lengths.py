"""Wiring of rule figure_request_lengths."""

import polars as pl
from inference_energy import distributions, log, render, workloads
from inference_energy.figures.request_lengths import request_lengths_figure

with log.job(snakemake):
    study = snakemake.params.study
    chart = request_lengths_figure(
        measured=pl.read_parquet(snakemake.input.quantiles),
        answers=pl.read_parquet(snakemake.input.answers),
        assumed=workloads.assumed_lengths(study, distributions.SHARES),
        title=study["title"],
    )
    render.save(chart, snakemake.output)
