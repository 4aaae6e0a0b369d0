"""Wiring of rule explanations."""

from pathlib import Path

from inference_energy import log, text_files
from inference_energy.explain import page
from inference_energy.explain.evidence import Evidence

with log.job(snakemake) as logger:
    text = page.page(Evidence(Path()), Path(snakemake.input.template).read_text(encoding="utf-8"))
    text_files.write(Path(snakemake.output[0]), text)
    logger.info("%d characters", len(text))
