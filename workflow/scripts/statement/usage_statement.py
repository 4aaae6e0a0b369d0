"""Wiring of rule usage_statement."""

from pathlib import Path

import polars as pl
from inference_energy.common import html, jobs
from inference_energy.statement import tables as statement_tables, text
from markupsafe import Markup

with jobs.job(snakemake) as logger:
    params = snakemake.params
    tables = {name: pl.read_parquet(snakemake.input[name]) for name in statement_tables.TABLES}
    content = text.content(
        tables,
        usage=params.usage,
        study_name=params.study_name,
        study=params.study,
        version=params.version,
        draws=params.draws,
        seed=params.seed,
    )
    drawings = [
        {
            "label": label,
            "svg": Markup(Path(path).read_text(encoding="utf-8")),
            "file": Path(path).with_suffix(".png").name,
        }
        for label, path in (("Power over time", snakemake.input.power), ("Energy by model", snakemake.input.models))
    ]
    for output, template in (
        (snakemake.output.html, snakemake.input.page),
        (snakemake.output.md, snakemake.input.text),
    ):
        html.write(Path(output), Path(template), drawings=drawings, **content)
    tables["statement"].write_csv(snakemake.output.csv)
    logger.info("%s", dict(content["figures"]))
