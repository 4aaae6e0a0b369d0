"""Wiring of rule benchmark_checks."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import counts as corpus_counts, registry_tables, tables as corpus_tables
from inference_energy.corpus.checks import registry
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    corpus = {
        name: pl.read_parquet(snakemake.input[name])
        for name in (
            *("throughput", "energy", "implausible", "estimates", "sources"),
            *("models", "closed_models", "hardware"),
        )
    }
    found = registry.benchmark_checks(
        throughput=corpus["throughput"],
        energy=corpus["energy"],
        implausible=corpus["implausible"],
        sources=corpus["sources"],
        models=corpus["models"],
        closed_models=corpus["closed_models"],
        hardware=corpus["hardware"],
        limits=snakemake.params.limits,
    )
    counts = corpus_counts.benchmark_sources(
        corpus["sources"], [corpus[name] for name in ("throughput", "energy", "implausible", "estimates")], found
    )
    writing.write_all(
        snakemake.output,
        checks=(found, corpus_tables.BENCHMARK_CHECKS),
        sources=(counts, corpus_tables.BENCHMARK_SOURCES),
        corrections=(pl.read_parquet(snakemake.input.corrections), registry_tables.Correction),
    )
    for severity, check, findings in found.group_by("severity", "check", maintain_order=True).len().iter_rows():
        logger.info("%s %s: %d", severity, check, findings)
    for message in found.filter(pl.col("check") == "registry_age")["message"]:
        logger.warning(message)
