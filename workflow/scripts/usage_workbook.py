"""Wiring of rule usage_workbook."""

from pathlib import Path

import polars as pl
from inference_energy import log, source_list, workbook
from inference_energy.usage import result_tables, statement

with log.job(snakemake) as logger:
    params = snakemake.params
    # A sheet holds a million rows: single steps, models and tenants are in metered.parquet.
    frames = {name: pl.read_parquet(snakemake.input[name]) for name in result_tables.SCHEMAS if name != "metered"}
    told = statement.method(params.usage, params.study_name, params.study, params.version, params.draws, params.seed)
    workbook.write(
        Path(snakemake.output[0]),
        about=dict(told) | {"Not included": " ".join(statement.not_included(params.usage["boundary"]))},
        frames=frames,
        meanings=result_tables.MEANINGS,
        entries=result_tables.entries(),
        sources=source_list.read_sources([], map(Path, snakemake.input.registries)),
        title=f"Energy statement: {params.usage['title']}",
    )
    logger.info("%d sheets", len(frames))
