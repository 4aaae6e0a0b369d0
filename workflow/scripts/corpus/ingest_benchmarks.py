"""Wiring of rule ingest_benchmarks."""

from pathlib import Path

from inference_energy.common import yaml_files
from inference_energy.corpus import corrections, plausible, read, registries, registry_tables, views
from inference_energy.tables import database, rows, wiring
from inference_energy.tables.views import read_views

with wiring.job(snakemake) as job:
    models, model_names = registries.read_models(job.path("models"))
    closed_models, _ = registries.read_closed_models(job.path("closed_models"), model_names)
    hardware, gpu_names = registries.read_hardware(job.path("hardware"))
    known_errors = registries.read_registry(job.path("corrections"), registry_tables.Correction)
    schema = yaml_files.read_yaml(job.path("origin_schema"))
    tables = read.read_sources(Path("resources/benchmarks"), schema, {"model": model_names, "gpu": gpu_names})
    tables["measured_energy"], tables["implausible_energy"] = plausible.set_apart(
        tables["measured_energy"], hardware, snakemake.params.limits
    )
    rejected = tables["rejected_row"]
    lines = [rows.one_line(row) for row in rejected.iter_rows(named=True)]
    Path(snakemake.log.rejected).write_text("\n".join([f"{len(lines)} rejected cells", *lines]) + "\n")
    for row in tables["source"].iter_rows(named=True):
        job.logger.info(
            "%s: %d rows accepted, %d rejected, %d records left out",
            *(row[name] for name in ("file", "rows_accepted", "rows_rejected", "records_left_out")),
        )
    if snakemake.params.on_invalid == "fail":
        rows.must_be_empty(rejected, hint="; on_invalid: reject in config/config.yaml sets such rows aside")
    # Checks that every correction still fits its row here, not in the first study that asks for it.
    named = tables["throughput"].join(known_errors, on=["source", "row_id"], how="semi")
    corrections.corrected(named, known_errors, job.path("corrections"))
    tables |= {"model": models, "closed_model": closed_models, "hardware": hardware, "correction": known_errors}
    meanings = views.TABLES | read_views(snakemake.input.views, views.TABLES, views.COMPUTED)
    database.write(Path(snakemake.output[0]), tables, meanings)
