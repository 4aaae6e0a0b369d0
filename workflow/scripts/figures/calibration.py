"""Wiring of rule figure_calibration."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.validation.backtest import calibration_figure

with jobs.job(snakemake):
    chart = calibration_figure(
        backtest=pl.read_parquet(snakemake.input.backtest),
        peers=pl.read_parquet(snakemake.input.peers),
        scores=pl.read_parquet(snakemake.input.scores),
    )
    render.save(chart, snakemake.output)
