"""Wiring of rule headline."""

from pathlib import Path

import polars as pl
from inference_energy.common import jobs
from inference_energy.corpus import registries
from inference_energy.headline import printed, quantities
from inference_energy.headline import quantities as headline_quantities
from inference_energy.headline import tables as headline_tables
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
        results = dict(zip(("energy", "interventions", "scenarios"), map(pl.read_parquet, paths), strict=True))
        study = part(entries)
        if study.method == "nested":
            frame = headline_quantities.nested_headline(study_name=name, study=study, published=published, **results)
        else:
            draws = snakemake.params.draws
            computed = quantities.computed_quantities(study=study, draws=draws, estimates=estimates, **results)
            frame = printed.headline(published, {name: computed})
        frames.append(frame.select(list(headline_tables.HEADLINE.columns)))
    headline = pl.concat(frames, how="vertical_relaxed")
    writing.write(headline, snakemake.output[0], headline_tables.HEADLINE)
    logger.info("%s", headline)
