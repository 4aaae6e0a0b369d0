"""Wiring of rule figure_levers."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.levers import levers_figure
from inference_energy.levers import PUBLISHED_RANGE

with log.job(snakemake):
    chart = levers_figure(
        interventions=pl.read_parquet(snakemake.input.interventions),
        published=PUBLISHED_RANGE,
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
