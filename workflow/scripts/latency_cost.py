"""Wiring of rule latency_cost."""

import polars as pl
from inference_energy import batch_latency, calibration_tables, log, tables

with log.job(snakemake) as logger:
    runs = batch_latency.series(pl.read_parquet(snakemake.input.energy))
    costs = batch_latency.energy_cost_of_latency(runs)
    summary = batch_latency.summary(costs)
    for frame, output, schema in (
        (runs, "runs", calibration_tables.LATENCY_RUNS),
        (costs, "costs", calibration_tables.LATENCY_COSTS),
        (summary, "summary", calibration_tables.LATENCY_SUMMARY),
    ):
        tables.write(frame.select(list(schema.columns)), snakemake.output[output], schema)
    logger.info("%s", summary)
