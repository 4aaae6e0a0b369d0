"""Wiring of rule meter_usage."""

from pathlib import Path

from inference_energy.common import jobs
from inference_energy.statement import tables as statement_tables
from inference_energy.statement.logs import metering
from inference_energy.statement.logs.files import UsageFile
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
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
    writing.write_all(
        snakemake.output, sums=(sums, statement_tables.SUMS_TABLE), files=(files, statement_tables.FILES_TABLE)
    )
    logger.info("%s", files)
