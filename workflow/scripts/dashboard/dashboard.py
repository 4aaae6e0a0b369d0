"""Wiring of rule dashboard."""

from pathlib import Path

import polars as pl
from inference_energy.common import files
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus.registries import read_registry
from inference_energy.dashboard import engines, page
from inference_energy.dashboard.engine import DRAWS
from inference_energy.dashboard.payload import study_of_page
from inference_energy.energy import resolve, tables as energy_tables
from inference_energy.fleet import tables as fleet_tables
from inference_energy.studies.study import whole
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    given, params, tables = snakemake.input, snakemake.params, resolve.read_tables(snakemake.input)
    zones = read_registry(job.path("grid"), fleet_tables.GridZone)
    interventions = read_registry(job.path("interventions"), energy_tables.InterventionRow)
    loads = read_registry(job.path("references"), fleet_tables.ReferenceLoad)
    origins, out = job.table("origins"), Path(snakemake.output[0])
    studies = {}
    for name, fit, energy in zip(params.studies, given.fits, given.energies, strict=True):
        study, table = whole(params.studies[name]), pl.read_parquet(fit)
        of = engines.of_study(name, study, table, tables, interventions=interventions, zones=zones, seed=params.seed)
        studies[name] = study_of_page(of, study, fit=table, energy=pl.read_parquet(energy))
    html = page.page(
        job.path("page").parent,
        version=params.version,
        studies=page.headings(params.studies, read_yaml(job.path("evidence")), origins),
        numbers={
            "first": params.first,
            "studies": studies,
            "zones": page.zones(zones),
            "references": page.references(job.table("estimates"), loads),
        },
        figures=page.figures(params.figures, out.parent, Path(given.captions[0]).parent),
        sources=page.sources(origins, pl.read_csv(job.path("sources"))),
        draws=DRAWS,
    )
    files.write(out, html)
    job.logger.info("%s: %.1f MB", out, len(html) / 1e6)
