"""Wiring of rule figure_statements."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.statements import statements_figure
from inference_energy.overstatement import PUBLISHED_RANGE

with log.job(snakemake):
    chart = statements_figure(
        statements=pl.read_parquet(snakemake.input.statements),
        kinds=pl.read_parquet(snakemake.input.kinds),
        published=PUBLISHED_RANGE,
    )
    render.save(chart, snakemake.output)
