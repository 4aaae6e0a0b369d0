"""Wiring of rule methods_page."""

from pathlib import Path

from inference_energy.common import html, jobs, yaml_files
from inference_energy.publish import methods, sources
from inference_energy.records import imports
from inference_energy.studies import keys as studies_keys

with jobs.job(snakemake) as logger:
    folder, package, scripts = Path("config/studies"), "workflow/scripts/inference_energy", Path("workflow/scripts")
    texts = {path: Path(path).read_text(encoding="utf-8") for path in snakemake.input.modules}
    stages = methods.stages(
        Path(snakemake.input.snakefile).read_text(encoding="utf-8"),
        {path: Path(path).read_text(encoding="utf-8") for path in snakemake.input.rules},
        lambda script: imports.imported(scripts / f"{script}.py", scripts),
        texts,
    )
    schemas = {method: yaml_files.read_yaml(Path(path)) for method, path in snakemake.params.schemas.items()}
    lineages = {name: studies_keys.read_lineage(name, folder) for name in snakemake.params.methods}
    parts = [
        methods.study_part(
            lineages[name], schemas[method], "" if name in snakemake.params.studies else snakemake.params.bridge[name]
        )
        for name, method in snakemake.params.methods.items()
    ]
    files = {file.name: file for lineage in lineages.values() for file in lineage}
    named, of_rows = methods.sources_by_use(
        sources.read_sources(map(Path, snakemake.input.origins), map(Path, snakemake.input.registries))
    )
    html.write(
        Path(snakemake.output[0]),
        Path(snakemake.input.template),
        stages=methods.chapters_by_stage(stages, texts, package),
        study_chapters=[chapter for file in files.values() if (chapter := methods.study_chapter(str(folder), file))],
        studies=[part for part in parts if not part.change],
        steps=[part for part in parts if part.change],
        named_sources=named,
        sources_of_rows=of_rows,
        shown=methods.shown,
        citation=yaml_files.read_yaml(Path(snakemake.input.citation)),
    )
    logger.info("%d stages, %d studies", len(stages), len(parts))
