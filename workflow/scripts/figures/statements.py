"""Wiring of rule figure_statements."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.validation.statements import statements_figure
from inference_energy.validation.statements import PUBLISHED_RANGE

with jobs.job(snakemake):
    chart = statements_figure(
        statements=pl.read_parquet(snakemake.input.statements),
        kinds=pl.read_parquet(snakemake.input.kinds),
        published=PUBLISHED_RANGE,
    )
    render.save(chart, snakemake.output)
