"""Wiring of rule validate_benchmarks."""

from pathlib import Path

from inference_energy import database, input_tables, log, tables

with log.job(snakemake) as logger:
    for output, table, schema, order in (
        ("throughput", "throughput", input_tables.with_place(input_tables.Throughput), ["source", "row_id"]),
        ("models", "model", input_tables.Model, ["model"]),
        ("hardware", "hardware", input_tables.Hardware, ["gpu"]),
        ("estimates", "published_estimate", input_tables.PublishedEstimate, ["estimate_id"]),
    ):
        frame = database.read(Path(snakemake.input.database), table, order)
        tables.write(frame, snakemake.output[output], schema)
        logger.info("%s: %d rows", table, len(frame))
