"""Wiring of rule figure_boundaries."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.boundaries import boundaries_figure

with log.job(snakemake):
    chart = boundaries_figure(energy=pl.read_parquet(snakemake.input.energy), study=snakemake.params.study)
    render.save(chart, snakemake.output)
