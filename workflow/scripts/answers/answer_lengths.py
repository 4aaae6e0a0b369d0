"""Wiring of rule answer_lengths."""

from pathlib import Path

from inference_energy.answers import lengths, packaged, tables
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    asked = snakemake.params.asked
    computed = lengths.energy_by_answer_length(packaged.read(Path(snakemake.input.package[0]).parent), **asked)
    measured = lengths.measured_queries(
        job.table("energy"),
        job.table("models"),
        of=computed["model"].unique().to_list(),
        gpu=computed["gpu"][0],
        input_tokens=asked["input_tokens"],
    )
    job.write(tables, computed=computed, measured=measured)
