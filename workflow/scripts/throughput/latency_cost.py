"""Wiring of rule latency_cost."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.tables import writing
from inference_energy.throughput import latency, tables as throughput_tables

with jobs.job(snakemake) as logger:
    runs = latency.series(pl.read_parquet(snakemake.input.energy))
    costs = latency.energy_cost_of_latency(runs)
    summary = latency.summary(costs)
    writing.write_all(
        snakemake.output,
        runs=(runs, throughput_tables.LATENCY_RUNS),
        costs=(costs, throughput_tables.LATENCY_COSTS),
        summary=(summary, throughput_tables.LATENCY_SUMMARY),
    )
    logger.info("%s", summary)
