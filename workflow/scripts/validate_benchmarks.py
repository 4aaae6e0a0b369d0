"""Wiring of rule validate_benchmarks."""

from pathlib import Path

from inference_energy import database, input_tables, log, tables
from inference_energy.benchmark_tables import ACCEPTED
from inference_energy.result_tables import SOURCES

with log.job(snakemake) as logger:
    for output, table, schema, order in (
        ("throughput", "throughput", ACCEPTED["throughput"], ["source", "row_id"]),
        ("energy", "measured_energy", ACCEPTED["measured_energy"], ["source", "row_id"]),
        ("estimates", "published_estimate", ACCEPTED["published_estimate"], ["source", "row_id"]),
        ("models", "model", input_tables.Model, ["model"]),
        ("hardware", "hardware", input_tables.Hardware, ["gpu"]),
        ("corrections", "correction", input_tables.Correction, ["source", "row_id", "column"]),
        ("sources", "source", SOURCES, ["source", "file"]),
    ):
        frame = database.read(Path(snakemake.input.database), table, order)
        tables.write(frame.select(list(tables.columns_of(schema))), snakemake.output[output], schema)
        logger.info("%s: %d rows", table, len(frame))
