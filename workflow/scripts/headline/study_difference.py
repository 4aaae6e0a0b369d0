"""Wiring of rule study_difference."""

import polars as pl
from inference_energy.corpus.registries import read_registry
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.headline import declarations, difference, quantities, tables
from inference_energy.studies.study import part
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    loads = read_registry(job.path("references"), ReferenceLoad)
    common = dict(zip(declarations.COMMON, (job.table("estimates"), loads), strict=True))
    numbers = {
        side: quantities.of_study(part(entries), list(map(pl.read_parquet, snakemake.input[side])), common)
        for side, entries in snakemake.params.studies.items()
    }
    found = difference.difference(**numbers).with_columns(study=pl.lit(snakemake.wildcards.study))
    job.write(tables, table=found.select(list(tables.DIFFERENCE.columns)))
