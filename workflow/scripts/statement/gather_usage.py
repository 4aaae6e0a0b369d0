"""Wiring of rule gather_usage."""

from pathlib import Path

import polars as pl
from inference_energy.statement import tables
from inference_energy.statement.logs import bills, metering
from inference_energy.statement.logs.files import UsageFile
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    params, folder = snakemake.params, Path(snakemake.output.sums).parent
    read = map(pl.read_parquet, snakemake.input.files)
    files = pl.concat([pl.DataFrame(schema=tables.FILE_TYPES), *read]).sort("source", "file")
    metering.check_repeats(files)
    billed = [UsageFile(**file) for file in params.bill_files]
    job.write(
        tables,
        sums=metering.gathered(snakemake.input.sums, folder),
        bills=bills.billed(billed, params.bills, place=params.place, folder=folder),
        files=files,
        told=metering.told(files),
    )
