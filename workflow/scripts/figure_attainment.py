"""Wiring of rule figure_attainment."""

import polars as pl
from inference_energy import attainment, log, render
from inference_energy.figures.attainment import attainment_figure

with log.job(snakemake):
    pairs = pl.read_parquet(snakemake.input.pairs)
    render.save(attainment_figure(pairs=pairs, summary=attainment.summary(pairs)), snakemake.output)
