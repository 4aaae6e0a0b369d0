"""Wiring of rule gather_usage."""

import sys
from pathlib import Path

import polars as pl
from inference_energy.common import escaped
from inference_energy.statement import tables
from inference_energy.statement.logs import bills as monthly, metering
from inference_energy.statement.logs.files import UsageFile
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    params, folder = snakemake.params, Path(snakemake.output.sums).parent
    read = map(pl.read_parquet, snakemake.input.files)
    files = pl.concat([pl.DataFrame(schema=tables.FILE_TYPES), *read]).sort("source", "file")
    metering.check_repeats(files)
    files = metering.with_not_read(files, params.not_read)
    billed = [UsageFile(**file) for file in params.bill_files]
    sums = metering.gathered(snakemake.input.sums, folder)
    bills = monthly.billed(billed, params.bills, place=params.place, folder=folder)
    escaped.show(*metering.cut_names(sums, bills), file=sys.stderr)
    job.write(tables, sums=sums, bills=bills, files=files, told=metering.told(files))
