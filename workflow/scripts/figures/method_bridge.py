"""Wiring of rule figure_method_bridge."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.headline.method_bridge import method_bridge_figure

with jobs.job(snakemake):
    chart = method_bridge_figure(
        bridge=pl.read_parquet(snakemake.input.bridge), begin=snakemake.params.begin, end=snakemake.params.end
    )
    render.save(chart, snakemake.output)
