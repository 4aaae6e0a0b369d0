"""Wiring of rule gather_usage."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.statement import tables as statement_tables
from inference_energy.statement.logs import bills, metering
from inference_energy.statement.logs.files import UsageFile
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    folder = Path(snakemake.output.sums).parent
    files = pl.concat(
        [pl.DataFrame(schema=statement_tables.FILE_TYPES), *map(pl.read_parquet, snakemake.input.files)]
    ).sort("source", "file")
    metering.check_repeats(files)
    sums = metering.gathered(snakemake.input.sums, folder)
    billed = bills.billed(
        [UsageFile(**file) for file in snakemake.params.bill_files],
        snakemake.params.bills,
        place=snakemake.params.place,
        folder=folder,
    )
    writing.write_all(
        snakemake.output,
        sums=(sums, statement_tables.SUMS_TABLE),
        bills=(billed, statement_tables.BILLS_TABLE),
        files=(files, statement_tables.FILES_TABLE),
    )
    logger.info("%s", metering.told(files))
