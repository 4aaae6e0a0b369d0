"""Wiring of rule figure_published_against_computed."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.headline.published_against_computed import published_against_computed_figure

with jobs.job(snakemake):
    chart = published_against_computed_figure(
        headline=pl.read_csv(snakemake.input.headline),
        study_name=snakemake.wildcards.study,
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
