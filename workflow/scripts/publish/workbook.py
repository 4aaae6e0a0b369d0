"""Wiring of rule workbook."""

from pathlib import Path

from inference_energy.common.yaml_files import read_yaml
from inference_energy.headline import answers
from inference_energy.publish import catalogue, reading_guide, sources, workbook
from inference_energy.tables import dictionary, wiring

with wiring.job(snakemake) as job:
    frames = catalogue.read_built(Path("results"), snakemake.params.studies, set(snakemake.input.tables))
    citation = read_yaml(job.path("citation"))
    cited = {name: frame for name, frame in frames.items() if not catalogue.BY_NAME[name].drawn}
    told = answers.told_first(list(snakemake.params.subjects))
    headline = frames["headline"].filter(study=told).to_dicts()
    workbook.write(
        Path(snakemake.output[0]),
        about=reading_guide.about(citation) | {"Not in here": reading_guide.NOT_IN_WORKBOOK},
        frames=cited,
        meanings={name: table.meaning for name, table in catalogue.BY_NAME.items()},
        entries=dictionary.data_dictionary(catalogue.PUBLIC_TABLES),
        sources=sources.read_sources(map(Path, snakemake.input.origins), map(Path, snakemake.input.registries)),
        title=citation["title"],
        answers=answers.answers(headline, told, snakemake.params.subjects[told]),
        headline=headline,
    )
    job.logger.info("%d sheets of tables, %d rows", len(cited), sum(map(len, cited.values())))
