"""Wiring of rule dashboard."""

from pathlib import Path

import polars as pl
from inference_energy.common import files, jobs
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus import registries
from inference_energy.dashboard import engines, page
from inference_energy.dashboard.engine import DRAWS
from inference_energy.dashboard.payload import study_of_page
from inference_energy.energy import resolve, tables as energy_tables
from inference_energy.fleet import tables as fleet_tables
from inference_energy.studies.study import whole

with jobs.job(snakemake) as logger:
    given, params = snakemake.input, snakemake.params
    tables = resolve.read_tables(given)
    zones = registries.read_registry(Path(given.grid), fleet_tables.GridZone)
    interventions = registries.read_registry(Path(given.interventions), energy_tables.InterventionRow)
    loads = registries.read_registry(Path(given.references), fleet_tables.ReferenceLoad)
    sources = pl.read_csv(given.sources)
    origins = pl.read_parquet(given.origins)
    evidence = read_yaml(Path(given.evidence))
    studies = {}
    for name, fit, energy in zip(params.studies, given.fits, given.energies, strict=True):
        study, table = whole(params.studies[name]), pl.read_parquet(fit)
        of = engines.of_study(name, study, table, tables, interventions=interventions, zones=zones, seed=params.seed)
        studies[name] = study_of_page(of, study, fit=table, energy=pl.read_parquet(energy))
    html = page.page(
        Path(given.page).parent,
        version=params.version,
        studies=page.headings(params.studies, evidence, origins),
        numbers={
            "first": params.first,
            "studies": studies,
            "zones": page.zones(zones),
            "references": page.references(pl.read_parquet(given.estimates), loads),
        },
        figures=page.figures(params.figures, Path(snakemake.output[0]).parent, Path(given.captions[0]).parent),
        sources=page.sources(origins, sources),
        draws=DRAWS,
    )
    files.write(Path(snakemake.output[0]), html)
    logger.info("%s: %.1f MB", snakemake.output[0], len(html) / 1e6)
