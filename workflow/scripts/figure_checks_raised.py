"""Wiring of rule figure_checks_raised."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.checks_raised import checks_raised_figure

with log.job(snakemake):
    chart = checks_raised_figure(
        checks=pl.read_parquet(snakemake.input.checks), sources=pl.read_csv(snakemake.input.sources)
    )
    render.save(chart, snakemake.output)
