"""Wiring of rule explanations."""

from pathlib import Path

from inference_energy.common import files, jobs
from inference_energy.explain import page
from inference_energy.explain.build import Build

with jobs.job(snakemake) as logger:
    text = page.page(Build(Path()), Path(snakemake.input.template).read_text(encoding="utf-8"))
    files.write(Path(snakemake.output[0]), text)
    logger.info("%d characters", len(text))
