"""Wiring of rule figure_benchmark_coverage."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.corpus.coverage import benchmark_coverage_figure

with jobs.job(snakemake):
    chart = benchmark_coverage_figure(
        **{name: pl.read_parquet(snakemake.input[name]) for name in ("throughput", "energy", "models")}
    )
    render.save(chart, snakemake.output)
