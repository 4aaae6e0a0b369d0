"""Wiring of rule usage_workbook."""

from pathlib import Path

from inference_energy.publish import sources, workbook
from inference_energy.statement import audit, tables, text
from inference_energy.tables import dictionary, wiring

with wiring.job(snakemake) as job:
    usage = snakemake.params.usage
    # A sheet holds at most a million rows, so single steps, models and tenants are in metered.parquet only.
    frames = {name: job.table(name) for name in tables.TABLES if name != "metered"}
    told = dict(job.call(audit.answers, frames)) | dict(audit.treatments(frames["inventory"]))
    workbook.write(
        Path(snakemake.output[0]),
        about=told | dict(job.call(text.method)) | {"Not included": " ".join(text.not_included(usage["boundary"]))},
        frames=frames,
        meanings={name: table.meaning for name, table in tables.TABLES.items()},
        entries=dictionary.data_dictionary(tables.TABLES.values()),
        sources=sources.read_sources([], map(Path, snakemake.input.registries)),
        title=f"Energy and emissions statement: {usage['title']}",
        first="Answers",
    )
    job.logger.info("%d sheets", len(frames))
