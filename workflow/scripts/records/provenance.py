"""Wiring of rule provenance."""

from pathlib import Path

from inference_energy.common import files, jobs
from inference_energy.records import provenance

with jobs.job(snakemake) as logger:
    recorded = provenance.record(
        root=Path(),
        sources=snakemake.input.sources,
        results=snakemake.input.results,
        configuration=snakemake.params.configuration,
        studies=snakemake.params.studies,
    )
    files.write_json(Path(snakemake.output[0]), recorded)
    logger.info("%d inputs, %d results", len(provenance.input_checksums(recorded)), len(recorded["outputs"]))
