"""Wiring of rule figure_energy_by_class."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.energy_by_class import energy_by_class_figure

with log.job(snakemake):
    chart = energy_by_class_figure(energy=pl.read_parquet(snakemake.input.energy), study=snakemake.params.study)
    render.save(chart, snakemake.output)
