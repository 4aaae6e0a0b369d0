"""Wiring of rule benchmark_checks."""

import polars as pl
from inference_energy import benchmark_sources, checks, input_tables, log, result_tables, tables

with log.job(snakemake) as logger:
    corpus = {
        name: pl.read_parquet(snakemake.input[name])
        for name in ("throughput", "energy", "estimates", "models", "hardware", "sources")
    }
    found = checks.benchmark_checks(
        throughput=corpus["throughput"],
        energy=corpus["energy"],
        sources=corpus["sources"],
        models=corpus["models"],
        hardware=corpus["hardware"],
        limits=snakemake.params.limits,
    )
    tables.write(found, snakemake.output.checks, result_tables.BENCHMARK_CHECKS)
    counts = benchmark_sources.benchmark_sources(
        corpus["sources"], [corpus[name] for name in ("throughput", "energy", "estimates")], found
    )
    tables.write(counts, snakemake.output.sources, result_tables.BENCHMARK_SOURCES)
    corrections = pl.read_parquet(snakemake.input.corrections)
    tables.write(corrections, snakemake.output.corrections, input_tables.Correction)
    for severity, check, findings in found.group_by("severity", "check", maintain_order=True).len().iter_rows():
        logger.info("%s %s: %d", severity, check, findings)
