"""Wiring of rule factors."""

from pathlib import Path

from inference_energy.answers import factors, tables
from inference_energy.common.escaped import write_csv
from inference_energy.common.files import complete
from inference_energy.corpus.registries import read_registry
from inference_energy.energy.read import read_tables
from inference_energy.fleet.tables import GridZone
from inference_energy.tables import columns, rows, wiring

with wiring.job(snakemake) as job:
    given, params, out = snakemake.input, snakemake.params, dict(snakemake.output.items())
    found = factors.factors(params.study, read_tables(given, params.repeated), draws=params.draws, seed=params.seed)
    rows.checked(found, tables.FACTORS, out["parquet"])
    meanings = {
        name: {"meaning": of.description, "unit": columns.unit_of(of)}
        for name, of in columns.columns_of(tables.FACTORS).items()
    }
    about = factors.about(job.table("origins"), version=params.version, study=params.name)
    grid = read_registry(job.path("grid"), GridZone)
    with complete(*map(Path, out.values())) as (parquet, csv, json, packed):
        factors.write_parquet(found, parquet, about)
        factors.write_parquet(factors.packed(found), packed, about)
        write_csv(found, csv)
        json.write_text(factors.as_json(found, grid, meanings, about), encoding="utf-8")
