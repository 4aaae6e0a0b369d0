"""Wiring of rule figure_sweeps."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.sweeps import sweeps_figure

with log.job(snakemake):
    chart = sweeps_figure(sweeps=pl.read_parquet(snakemake.input.sweeps), study=snakemake.params.study)
    render.save(chart, snakemake.output)
