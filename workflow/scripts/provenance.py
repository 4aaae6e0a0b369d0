"""Wiring of rule provenance."""

from pathlib import Path

from inference_energy import log, provenance

with log.job(snakemake) as logger:
    recorded = provenance.record(
        root=Path(),
        sources=snakemake.input.sources,
        results=snakemake.input.results,
        configuration=snakemake.params.configuration,
        studies=snakemake.params.studies,
    )
    provenance.write(recorded, Path(snakemake.output[0]))
    logger.info("%d inputs, %d results", len(provenance.input_checksums(recorded)), len(recorded["outputs"]))
