"""Wiring of rule benchmark_checks."""

import polars as pl
from inference_energy.corpus import counts, registry_tables, tables
from inference_energy.corpus.checks import registry
from inference_energy.tables import wiring, writing

with wiring.job(snakemake) as job:
    found = job.call(registry.benchmark_checks)
    read = [
        pl.read_parquet(job.path(name), columns=["source"])
        for name in ("throughput", "energy", "implausible", "estimates")
    ]
    writing.write_all(
        snakemake.output,
        checks=(found, tables.BENCHMARK_CHECKS),
        sources=(counts.benchmark_sources(job.table("sources"), read, found), tables.BENCHMARK_SOURCES),
        corrections=(job.table("corrections"), registry_tables.Correction),
    )
    for severity, check, findings in found.group_by("severity", "check", maintain_order=True).len().iter_rows():
        job.logger.info("%s %s: %d", severity, check, findings)
    for message in found.filter(pl.col("check") == "registry_age")["message"]:
        job.logger.warning(message)
