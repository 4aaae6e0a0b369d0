"""Wiring of rule data_package."""

from pathlib import Path

from inference_energy import (
    catalogue,
    configuration,
    data_dictionary,
    data_package,
    log,
    reading_guide,
    source_list,
)

with log.job(snakemake) as logger:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    content = data_package.descriptor(
        citation=configuration.read_yaml(Path(snakemake.input.citation)),
        description=reading_guide.WHAT,
        sources=source_list.read_sources(map(Path, snakemake.input.origins), map(Path, snakemake.input.registries)),
        tables=catalogue.BY_NAME,
        entries=data_dictionary.data_dictionary(catalogue.PUBLIC_TABLES),
        frames=frames,
    )
    data_package.write(Path(snakemake.output.descriptor).parent, frames, content)
    logger.info("%d tables", len(frames))
