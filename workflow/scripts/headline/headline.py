"""Wiring of rule headline."""

from pathlib import Path

import polars as pl
from inference_energy.corpus.registries import read_registry
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.headline import declarations, printed, quantities, tables
from inference_energy.studies.study import part
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    published = read_registry(job.path("published"), tables.PublishedValue)
    loads = read_registry(job.path("references"), ReferenceLoad)
    common = dict(zip(declarations.COMMON, (job.table("estimates"), loads), strict=True))
    files, frames = snakemake.input, []
    pairs = {Path(file).parent.name: [file] for file in files.pairs}
    for (name, entries), *paths in zip(
        snakemake.params.studies.items(), files.energy, files.interventions, files.scenarios, strict=True
    ):
        study, own = part(entries), list(map(pl.read_parquet, (*paths, *pairs.get(name, ()))))
        computed = quantities.of_study(study, own, common)
        frame = (printed.compared if study.method == "nested" else printed.reproduced)(published, name, computed)
        frames.append(frame.select(list(tables.HEADLINE.columns)))
    job.write(tables, table=pl.concat(frames, how="vertical_relaxed"))
