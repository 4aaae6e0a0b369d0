"""Wiring of rule gather_usage."""

from pathlib import Path

import polars as pl
from inference_energy import log, tables
from inference_energy.usage import bills, metering, result_tables
from inference_energy.usage.configuration import UsageFile

with log.job(snakemake) as logger:
    folder = Path(snakemake.output.sums).parent
    files = pl.concat(
        [pl.DataFrame(schema=result_tables.FILE_TYPES), *map(pl.read_parquet, snakemake.input.files)]
    ).sort("source", "file")
    metering.check_repeats(files)
    sums = metering.gathered(snakemake.input.sums, folder)
    billed = bills.billed(
        [UsageFile(**file) for file in snakemake.params.bill_files],
        snakemake.params.bills,
        place=snakemake.params.place,
        folder=folder,
    )
    for frame, output, schema in (
        (sums, "sums", result_tables.SUMS_TABLE),
        (billed, "bills", result_tables.BILLS_TABLE),
        (files, "files", result_tables.FILES_TABLE),
    ):
        tables.write(frame, snakemake.output[output], schema)
    logger.info("%s", metering.told(files))
