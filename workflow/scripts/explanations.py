"""Wiring of rule explanations."""

from pathlib import Path

from inference_energy import log
from inference_energy.explain import page
from inference_energy.explain.evidence import Evidence

with log.job(snakemake) as logger:
    text = page.page(Evidence(Path()), Path(snakemake.input.template).read_text(encoding="utf-8"))
    target = Path(snakemake.output[0])
    unfinished = target.with_name(f".{target.name}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)
    logger.info("%d characters", len(text))
