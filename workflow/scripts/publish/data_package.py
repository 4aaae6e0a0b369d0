"""Wiring of rule data_package."""

from pathlib import Path

from inference_energy.common import jobs, yaml_files
from inference_energy.publish import catalogue, data_package, reading_guide, sources
from inference_energy.tables import dictionary

with jobs.job(snakemake) as logger:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    content = data_package.descriptor(
        citation=yaml_files.read_yaml(Path(snakemake.input.citation)),
        description=reading_guide.WHAT,
        sources=sources.read_sources(map(Path, snakemake.input.origins), map(Path, snakemake.input.registries)),
        tables=catalogue.BY_NAME,
        entries=dictionary.data_dictionary(catalogue.PUBLIC_TABLES),
        frames=frames,
    )
    data_package.write(Path(snakemake.output.descriptor).parent, frames, content)
    logger.info("%d tables", len(frames))
