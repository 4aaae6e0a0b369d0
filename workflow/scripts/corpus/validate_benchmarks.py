"""Wiring of rule validate_benchmarks."""

from pathlib import Path

from inference_energy.common import jobs
from inference_energy.corpus import registry_tables
from inference_energy.corpus.tables import ACCEPTED, IMPLAUSIBLE_ENERGY, SOURCES
from inference_energy.tables import database, writing

with jobs.job(snakemake) as logger:
    tables = {
        output: (database.read(Path(snakemake.input.database), table, order), schema)
        for output, table, schema, order in (
            ("throughput", "throughput", ACCEPTED["throughput"], ["source", "row_id"]),
            ("energy", "measured_energy", ACCEPTED["measured_energy"], ["source", "row_id"]),
            ("implausible", "implausible_energy", IMPLAUSIBLE_ENERGY, ["source", "row_id"]),
            ("estimates", "published_estimate", ACCEPTED["published_estimate"], ["source", "row_id"]),
            ("models", "model", registry_tables.Model, ["model"]),
            ("closed_models", "closed_model", registry_tables.ClosedModel, ["model"]),
            ("hardware", "hardware", registry_tables.Hardware, ["gpu"]),
            ("corrections", "correction", registry_tables.Correction, ["source", "row_id", "column"]),
            ("sources", "source", SOURCES, ["source", "file"]),
        )
    }
    writing.write_all(snakemake.output, **tables)
    for output, (frame, _) in tables.items():
        logger.info("%s: %d rows", output, len(frame))
