"""Wiring of rule ingest_benchmarks."""

from pathlib import Path

from inference_energy import benchmarks, configuration, database, log, validation

with log.job(snakemake) as logger:
    tables = benchmarks.read_benchmarks(
        Path("resources/benchmarks"),
        Path("resources"),
        configuration.read_yaml(Path(snakemake.input.origin_schema)),
    )
    rejected = tables["rejected_row"]
    lines = [validation.one_line(row) for row in rejected.iter_rows(named=True)]
    Path(snakemake.log.rejected).write_text("\n".join([f"{len(lines)} rejected cells", *lines]) + "\n")
    logger.info("%d rows accepted, %d cells rejected", len(tables["throughput"]), len(rejected))
    if snakemake.params.on_invalid == "fail":
        validation.must_be_empty(rejected, hint="; on_invalid: reject in config/config.yaml sets such rows aside")
    database.write(Path(snakemake.output[0]), tables, benchmarks.comments())
