"""Wiring of rule dashboard."""

from pathlib import Path

import polars as pl
from inference_energy.common import escaped, files
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus.registries import read_registry
from inference_energy.dashboard import asked, page, payload
from inference_energy.energy import read, service, tables as energy_tables
from inference_energy.fleet import tables as fleet_tables
from inference_energy.studies.study import whole
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    given, params = snakemake.input, snakemake.params
    zones = read_registry(job.path("grid"), fleet_tables.GridZone)
    loads = read_registry(job.path("references"), fleet_tables.ReferenceLoad)
    overheads = read_registry(job.path("overheads"), energy_tables.Overhead)
    per_node = dict(job.table("hardware").select("gpu", "gpus_per_node").iter_rows())
    fits = {fit["study"][0]: fit for fit in map(pl.read_parquet, given.fits)}
    origins, out = job.table("origins"), Path(snakemake.output[0])
    tables = read.read_tables(given, params.repeated)
    studies = {}
    plans = {plan["study"][0]: plan for plan in map(pl.read_parquet, given.plans)}
    of_studies = zip(params.studies.items(), given.energies, given.scenarios, strict=True)
    for (name, entries), energy, scenarios in of_studies:
        study = whole(entries)
        if name in fits:
            numbers = payload.published(name, study, fits[name], overheads, params.seed)
        else:
            of = job.call(service.resolved, name, study, tables)
            numbers = payload.nested(of, per_node)
        told = (pl.read_parquet(energy), pl.read_parquet(scenarios), plans.get(name))
        studies[name] = payload.study_of_page(study, numbers, *told)
    ask = asked.asked(
        job.table("points"), params.asked, tables, job.table("closed_models"), draws=params.draws, seed=params.seed
    )
    html = page.page(
        job.path("page").parent,
        version=params.version,
        studies=page.headings(params.studies, read_yaml(job.path("evidence")), origins),
        numbers={
            "first": params.first,
            "studies": studies,
            "zones": page.zones(zones),
            "ask": ask,
            "references": page.references(job.table("estimates"), loads),
        },
        figures=page.figures(params.figures, out.parent, Path(given.captions[0]).parent),
        asked_title=params.asked["title"],
        library=job.path("library").read_text(encoding="utf-8"),
        sources=page.sources(origins, escaped.read_csv(job.path("sources"))),
    )
    files.write(out, html)
    job.logger.info("%s: %.1f MB", out, len(html) / 1e6)
