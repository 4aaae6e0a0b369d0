"""Wiring of rule headline_page."""

from pathlib import Path

from inference_energy.common import escaped, html, jobs
from inference_energy.headline import answers, page

with jobs.job(snakemake) as logger:
    headline, output, params = Path(snakemake.input.headline), snakemake.output, snakemake.params
    lines = page.lines_by_study(headline)
    found = answers.of_today(page.rows(headline), params.subjects)
    escaped.write_csv(page.answer_rows(found), Path(output.answers))
    html.write(Path(output.page), Path(snakemake.input.template), lines=lines, titles=params.titles)
    logger.info("%d numbers", sum(map(len, lines.values())))
