"""Wiring of rule usage_workbook."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.publish import sources, workbook
from inference_energy.statement import tables, text
from inference_energy.tables import dictionary

with jobs.job(snakemake) as logger:
    params = snakemake.params
    # A sheet holds at most a million rows, so single steps, models and tenants are in metered.parquet only.
    frames = {name: pl.read_parquet(snakemake.input[name]) for name in tables.TABLES if name != "metered"}
    told = text.method(params.usage, params.study_name, params.study, params.version, params.draws, params.seed)
    workbook.write(
        Path(snakemake.output[0]),
        about=dict(told) | {"Not included": " ".join(text.not_included(params.usage["boundary"]))},
        frames=frames,
        meanings={name: table.meaning for name, table in tables.TABLES.items()},
        entries=dictionary.data_dictionary(tables.TABLES.values()),
        sources=sources.read_sources([], map(Path, snakemake.input.registries)),
        title=f"Energy statement: {params.usage['title']}",
    )
    logger.info("%d sheets", len(frames))
