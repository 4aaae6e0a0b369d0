"""Wiring of rule figure_levers."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.energy.interventions import PUBLISHED_RANGE
from inference_energy.figures import render
from inference_energy.figures.energy.interventions import levers_figure

with jobs.job(snakemake):
    chart = levers_figure(
        interventions=pl.read_parquet(snakemake.input.interventions),
        published=PUBLISHED_RANGE,
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
