"""Wiring of rule validate_benchmarks."""

from inference_energy.corpus.registry_tables import ClosedModel, Correction, Hardware, Model
from inference_energy.corpus.tables import ACCEPTED, IMPLAUSIBLE_ENERGY, SOURCES
from inference_energy.tables import database, wiring, writing

with wiring.job(snakemake) as job:
    tables = {
        output: (database.read(job.path("database"), table, order), schema)
        for output, table, schema, order in (
            ("throughput", "throughput", ACCEPTED["throughput"], ["source", "row_id"]),
            ("energy", "measured_energy", ACCEPTED["measured_energy"], ["source", "row_id"]),
            ("implausible", "implausible_energy", IMPLAUSIBLE_ENERGY, ["source", "row_id"]),
            ("estimates", "published_estimate", ACCEPTED["published_estimate"], ["source", "row_id"]),
            ("models", "model", Model, ["model"]),
            ("closed_models", "closed_model", ClosedModel, ["model"]),
            ("hardware", "hardware", Hardware, ["gpu"]),
            ("corrections", "correction", Correction, ["source", "row_id", "column"]),
            ("sources", "source", SOURCES, ["source", "file"]),
        )
    }
    writing.write_all(snakemake.output, **tables)
    for output, (frame, _) in tables.items():
        job.logger.info("%s: %d rows", output, len(frame))
