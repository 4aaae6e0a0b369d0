"""Wiring of rule headline_page."""

from pathlib import Path

from inference_energy import headline_page, log, web_pages

with log.job(snakemake) as logger:
    lines = headline_page.lines_by_study(Path(snakemake.input.headline))
    web_pages.write(
        Path(snakemake.output[0]), Path(snakemake.input.template), lines=lines, titles=snakemake.params.titles
    )
    logger.info("%d numbers", sum(map(len, lines.values())))
