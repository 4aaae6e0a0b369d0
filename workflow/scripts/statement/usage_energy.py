"""Wiring of rule usage_energy."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.energy import resolve
from inference_energy.fleet import tables as fleet_tables
from inference_energy.statement import build, tables as statement_tables
from inference_energy.studies.study import whole
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    params = snakemake.params
    _, registry = registries.read_models(Path(snakemake.input.registry))
    found = build.accounts(
        params.usage,
        params.study_name,
        whole(params.study),
        sums=pl.read_parquet(snakemake.input.sums),
        bills=pl.read_parquet(snakemake.input.bills),
        files=pl.read_parquet(snakemake.input.files),
        tables=resolve.read_tables(snakemake.input),
        registry=registry,
        grid=registries.read_registry(Path(snakemake.input.grid), fleet_tables.GridZone),
        draws=params.draws,
        seed=params.seed,
        place=params.place,
        logger=logger,
    )
    writing.write_all(
        snakemake.output, **{name: (frame, statement_tables.TABLES[name].schemas[""]) for name, frame in found.items()}
    )
    logger.info("%s", found["capacity"])
