"""Wiring of rule figure_attainment."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.throughput.attainment import attainment_figure
from inference_energy.throughput import attainment

with jobs.job(snakemake):
    pairs = pl.read_parquet(snakemake.input.pairs)
    render.save(attainment_figure(pairs=pairs, summary=attainment.summary(pairs)), snakemake.output)
