"""Wiring of rule meter_usage."""

from pathlib import Path

from inference_energy.statement import tables
from inference_energy.statement.logs import metering
from inference_energy.statement.logs.files import UsageFile
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    found = job.call(
        metering.metered,
        [UsageFile(**file) for file in snakemake.params.files],
        leave_out=snakemake.params.invalid_rows == "leave_out",
        threads=snakemake.threads,
        folder=Path(snakemake.output.sums).parent,
        logger=job.logger,
    )
    job.write(tables, **found)
