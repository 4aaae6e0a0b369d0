"""Wiring of rule figure_energy_per_query."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.energy_per_query import energy_per_query_figure

with log.job(snakemake):
    chart = energy_per_query_figure(
        energy=pl.read_parquet(snakemake.input.energy),
        density=pl.read_parquet(snakemake.input.density),
        workload=snakemake.wildcards.workload,
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
