"""Wiring of rule figure_batch_latency."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.throughput.batch_latency import batch_latency_figure
from inference_energy.throughput.latency import representatives

with jobs.job(snakemake):
    runs, summary = (
        pl.read_parquet(path).filter(pl.col("source") == snakemake.params.source)
        for path in (snakemake.input.runs, snakemake.input.summary)
    )
    chart = batch_latency_figure(runs=representatives(runs, pl.read_parquet(snakemake.input.models)), summary=summary)
    render.save(chart, snakemake.output)
