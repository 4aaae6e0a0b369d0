"""Wiring of rule figure_cross_methods."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.validation.cross_methods import cross_methods_figure

with jobs.job(snakemake):
    chart = cross_methods_figure(
        methods=pl.read_parquet(snakemake.input.methods),
        parts=pl.read_parquet(snakemake.input.parts),
        output_tokens=snakemake.params.output_tokens,
    )
    render.save(chart, snakemake.output)
