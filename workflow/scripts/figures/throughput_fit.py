"""Wiring of rule figure_throughput_fit."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.oviedo.throughput_fit import throughput_fit_figure

with jobs.job(snakemake):
    chart = throughput_fit_figure(
        fit=pl.read_parquet(snakemake.input.fit),
        rows=pl.read_parquet(snakemake.input.rows),
        curve=pl.read_parquet(snakemake.input.curve),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
