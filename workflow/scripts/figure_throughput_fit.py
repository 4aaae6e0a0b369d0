"""Wiring of rule figure_throughput_fit."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.throughput_fit import throughput_fit_figure

with log.job(snakemake):
    chart = throughput_fit_figure(
        fit=pl.read_parquet(snakemake.input.fit),
        rows=pl.read_parquet(snakemake.input.rows),
        curve=pl.read_parquet(snakemake.input.curve),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
