"""Wiring of rule headline_page."""

from pathlib import Path

from inference_energy.common import html, jobs
from inference_energy.headline import page

with jobs.job(snakemake) as logger:
    lines = page.lines_by_study(Path(snakemake.input.headline))
    html.write(Path(snakemake.output[0]), Path(snakemake.input.template), lines=lines, titles=snakemake.params.titles)
    logger.info("%d numbers", sum(map(len, lines.values())))
