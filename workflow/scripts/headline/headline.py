"""Wiring of rule headline."""

from pathlib import Path

import numpy as np
import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.headline import declarations, printed, quantities, tables as headline_tables
from inference_energy.studies.study import part
from inference_energy.tables import writing

with jobs.job(snakemake) as logger:
    published = registries.read_registry(Path(snakemake.input.published), headline_tables.PublishedValue)
    estimates = pl.read_parquet(snakemake.input.estimates)
    frames = []
    for (name, entries), *paths in zip(
        snakemake.params.studies.items(),
        snakemake.input.energy,
        snakemake.input.interventions,
        snakemake.input.scenarios,
        strict=True,
    ):
        read = (*map(pl.read_parquet, paths), estimates)
        tables = dict(zip(declarations.KEYS, read, strict=True))
        study = part(entries)
        nested = study.method == "nested"
        scale = None if nested else np.sqrt(snakemake.params.draws / study.as_published.draws_per_model)
        results = quantities.Results(tables, scale)
        computed = quantities.evaluated(declarations.declared(study, tables).values(), results)
        frame = (printed.compared if nested else printed.reproduced)(published, name, computed)
        frames.append(frame.select(list(headline_tables.HEADLINE.columns)))
    headline = pl.concat(frames, how="vertical_relaxed")
    writing.write(headline, snakemake.output[0], headline_tables.HEADLINE)
    logger.info("%s", headline)
