"""Wiring of rule benchmark_checks."""

from inference_energy.corpus import counts, tables
from inference_energy.corpus.checks import registry
from inference_energy.tables import wiring, writing

with wiring.job(snakemake) as job:
    found = job.call(registry.benchmark_checks)
    read = [job.table(name) for name in ("throughput", "energy", "estimates")]
    writing.write_all(
        snakemake.output,
        checks=(found, tables.BENCHMARK_CHECKS),
        sources=(counts.benchmark_sources(job.table("sources"), read, found), tables.BENCHMARK_SOURCES),
        corrections=(job.table("corrections"), tables.Correction),
    )
    for severity, check, findings in found.group_by("severity", "check", maintain_order=True).len().iter_rows():
        job.logger.info("%s %s: %d", severity, check, findings)
