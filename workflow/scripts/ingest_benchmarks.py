"""Wiring of rule ingest_benchmarks."""

from pathlib import Path

from inference_energy import (
    benchmarks,
    configuration,
    corpus_tables,
    corrections,
    database,
    input_tables,
    log,
    registries,
    validation,
)

with log.job(snakemake) as logger:
    models, model_names = registries.read_models(Path(snakemake.input.models))
    hardware, gpu_names = registries.read_hardware(Path(snakemake.input.hardware))
    known_errors = registries.read_registry(Path(snakemake.input.corrections), input_tables.Correction)
    tables = benchmarks.read_sources(
        Path("resources/benchmarks"),
        configuration.read_yaml(Path(snakemake.input.origin_schema)),
        {"model": model_names, "gpu": gpu_names},
    )
    rejected = tables["rejected_row"]
    lines = [validation.one_line(row) for row in rejected.iter_rows(named=True)]
    Path(snakemake.log.rejected).write_text("\n".join([f"{len(lines)} rejected cells", *lines]) + "\n")
    for row in tables["source"].iter_rows(named=True):
        logger.info(
            "%s: %d rows accepted, %d rejected, %d records left out",
            *(row[name] for name in ("file", "rows_accepted", "rows_rejected", "records_left_out")),
        )
    if snakemake.params.on_invalid == "fail":
        validation.must_be_empty(rejected, hint="; on_invalid: reject in config/config.yaml sets such rows aside")
    # Whether every correction still fits its row is found out here, not in the first study that asks for it.
    named = tables["throughput"].join(known_errors, on=["source", "row_id"], how="semi")
    corrections.corrected(named, known_errors, Path(snakemake.input.corrections))
    tables |= {"model": models, "hardware": hardware, "correction": known_errors}
    database.write(Path(snakemake.output[0]), tables, corpus_tables.TABLES | corpus_tables.VIEWS)
