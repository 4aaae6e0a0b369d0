"""Wiring of rule operating_points."""

import polars as pl
from inference_energy.energy import at_operating_point, ground, resolve, tables
from inference_energy.energy.assumptions import ServedTables
from inference_energy.serving import stored
from inference_energy.serving.runs import for_fit
from inference_energy.studies.study import NestedStudy
from inference_energy.tables import wiring

with wiring.job(snakemake) as job:
    rests_on = ground.of_study(
        snakemake.wildcards.study,
        NestedStudy.of(snakemake.params.study),
        resolve.read_tables(snakemake.input, ServedTables),
        stored.from_tables(**{name: job.table(name) for name in stored.NAMES}),
        for_fit(job.table("runs"), snakemake.params.repeated),
        job.table("models"),
    )
    found = at_operating_point.energies(rests_on, snakemake.params.draws, snakemake.params.seed)
    told = found.filter(pl.col("subject_kind") == "class", pl.col("boundary") == "datacenter")
    job.write(tables, table=found, told=told)
