"""Wiring of rule figure_energy_per_query."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.oviedo.energy_per_query import energy_per_query_figure

with jobs.job(snakemake):
    chart = energy_per_query_figure(
        energy=pl.read_parquet(snakemake.input.energy),
        density=pl.read_parquet(snakemake.input.density),
        workload=snakemake.wildcards.workload,
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
