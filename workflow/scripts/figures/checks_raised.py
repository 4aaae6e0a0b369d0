"""Wiring of rule figure_checks_raised."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.corpus.checks_raised import checks_raised_figure

with jobs.job(snakemake):
    chart = checks_raised_figure(
        checks=pl.read_parquet(snakemake.input.checks), sources=pl.read_csv(snakemake.input.sources)
    )
    render.save(chart, snakemake.output)
