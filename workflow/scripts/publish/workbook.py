"""Wiring of rule workbook."""

from pathlib import Path

from inference_energy.common import jobs, yaml_files
from inference_energy.publish import catalogue, reading_guide, sources as publish_sources, workbook
from inference_energy.tables import dictionary

with jobs.job(snakemake) as logger:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    citation = yaml_files.read_yaml(Path(snakemake.input.citation))
    sources = publish_sources.read_sources(map(Path, snakemake.input.origins), map(Path, snakemake.input.registries))
    cited = {name: frame for name, frame in frames.items() if not catalogue.BY_NAME[name].drawn}
    workbook.write(
        Path(snakemake.output[0]),
        about=reading_guide.about(citation) | {"Not in here": reading_guide.NOT_IN_WORKBOOK},
        frames=cited,
        meanings={name: table.meaning for name, table in catalogue.BY_NAME.items()},
        entries=dictionary.data_dictionary(catalogue.PUBLIC_TABLES),
        sources=sources,
        title=citation["title"],
    )
    logger.info("%d sheets of tables, %d rows", len(cited), sum(map(len, cited.values())))
