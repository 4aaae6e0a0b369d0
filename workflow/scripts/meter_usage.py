"""Wiring of rule meter_usage."""

from pathlib import Path

from inference_energy import log, tables
from inference_energy.usage import metering, result_tables
from inference_energy.usage.configuration import UsageFile

with log.job(snakemake) as logger:
    params = snakemake.params
    sums, files = metering.metered(
        [UsageFile(**file) for file in params.files],
        params.logs,
        place=params.place,
        step_minutes=params.step_minutes,
        leave_out=params.invalid_rows == "leave_out",
        threads=snakemake.threads,
        folder=Path(snakemake.output.sums).parent,
        logger=logger,
    )
    tables.write(sums, snakemake.output.sums, result_tables.SUMS_TABLE)
    tables.write(files, snakemake.output.files, result_tables.FILES_TABLE)
    logger.info("%s", files)
