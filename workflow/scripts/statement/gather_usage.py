"""Wiring of rule gather_usage."""

import sys
from pathlib import Path

import polars as pl
from inference_energy.common import escaped
from inference_energy.statement import tables
from inference_energy.statement.logs import bills as monthly, metering, repeats
from inference_energy.statement.logs.files import UsageFile
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    params, given, folder = snakemake.params, snakemake.input, Path(snakemake.output.sums).parent
    repeats.check(repeats.alike(tables.stacked(tables.MARKS, given.marks)), params.repeats_kept)
    billed = [UsageFile(**file) for file in params.bill_files]
    sums = metering.gathered(given.sums, folder)
    bills, kinds, bill_files = monthly.billed(billed, params.bills, place=params.place, folder=folder)
    files = pl.concat([tables.stacked(tables.FILES, given.files), bill_files], how="diagonal")
    metering.check_repeats(files, params.repeats_kept)
    monthly.check_logged(bills, sums, params.repeats_kept)
    overlaps = monthly.overlaps(bills, sums, files, params.supplies, params.repeats_kept)
    for line in monthly.check_overlaps(overlaps, params.overlaps_told):
        escaped.show(line, file=sys.stderr)
    files = metering.with_not_read(files, params.not_read)
    logged = metering.together(tables.stacked(tables.KINDS, given.kinds))
    kinds = pl.concat([kinds, logged], how="diagonal").sort("source", "kind", "model", "currency")
    escaped.show(*metering.cut_names(sums, bills), file=sys.stderr)
    job.write(tables, sums=sums, bills=bills, files=files, kinds=kinds, told=metering.told(files))
