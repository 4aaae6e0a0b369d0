"""Wiring of rule dashboard."""

from pathlib import Path

import polars as pl
from inference_energy import dashboard, explorers, input_tables, lever_evidence, log, registries, services, text_files
from inference_energy.configuration import read_yaml
from inference_energy.explorer import DRAWS
from inference_energy.page_numbers import study_of_page

with log.job(snakemake) as logger:
    given, params = snakemake.input, snakemake.params
    tables = services.read_tables(given)
    zones = registries.read_registry(Path(given.grid), input_tables.GridZone)
    interventions = registries.read_registry(Path(given.interventions), lever_evidence.Intervention)
    loads = registries.read_registry(Path(given.references), input_tables.ReferenceLoad)
    sources = pl.read_csv(given.sources)
    origins = pl.read_parquet(given.origins)
    evidence = read_yaml(Path(given.evidence))
    studies = {}
    for name, fit, energy in zip(params.studies, given.fits, given.energies, strict=True):
        study, table = params.studies[name], pl.read_parquet(fit)
        of = explorers.of_study(name, study, table, tables, interventions=interventions, zones=zones, seed=params.seed)
        studies[name] = study_of_page(of, study, fit=table, energy=pl.read_parquet(energy))
    html = dashboard.page(
        Path(given.page).parent,
        version=params.version,
        studies=dashboard.headings(params.studies, evidence, origins),
        numbers={
            "first": params.first,
            "studies": studies,
            "zones": dashboard.zones(zones),
            "references": dashboard.references(pl.read_parquet(given.estimates), loads),
        },
        figures=dashboard.figures(params.figures, Path(snakemake.output[0]).parent, Path(given.captions[0]).parent),
        sources=dashboard.sources(origins, sources),
        draws=DRAWS,
    )
    text_files.write(Path(snakemake.output[0]), html)
    logger.info("%s: %.1f MB", snakemake.output[0], len(html) / 1e6)
