"""Wiring of rule headline."""

from pathlib import Path

import polars as pl
from inference_energy import comparison, input_tables, log, nested_headline, registries, result_tables, tables

with log.job(snakemake) as logger:
    published = registries.read_registry(Path(snakemake.input.published), input_tables.PublishedValue)
    estimates = pl.read_parquet(snakemake.input.estimates)
    frames = []
    for (name, study), *paths in zip(
        snakemake.params.studies.items(),
        snakemake.input.energy,
        snakemake.input.interventions,
        snakemake.input.scenarios,
        strict=True,
    ):
        results = dict(zip(("energy", "interventions", "scenarios"), map(pl.read_parquet, paths), strict=True))
        if study["method"] == "nested":
            frame = nested_headline.nested_headline(study_name=name, study=study, published=published, **results)
        else:
            draws = snakemake.params.draws
            computed = comparison.computed_quantities(study=study, draws=draws, estimates=estimates, **results)
            frame = comparison.headline(published, {name: computed})
        frames.append(frame.select(list(result_tables.HEADLINE.columns)))
    headline = pl.concat(frames, how="vertical_relaxed")
    tables.write(headline, snakemake.output[0], result_tables.HEADLINE)
    logger.info("%s", headline)
