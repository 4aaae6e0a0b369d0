"""Wiring of rule figure_batch_latency."""

import polars as pl
from inference_energy import log, render
from inference_energy.batch_latency import representatives
from inference_energy.figures.batch_latency import batch_latency_figure

with log.job(snakemake):
    runs, summary = (
        pl.read_parquet(path).filter(pl.col("source") == snakemake.params.source)
        for path in (snakemake.input.runs, snakemake.input.summary)
    )
    chart = batch_latency_figure(runs=representatives(runs, pl.read_parquet(snakemake.input.models)), summary=summary)
    render.save(chart, snakemake.output)
