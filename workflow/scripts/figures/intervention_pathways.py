"""Wiring of rule figure_intervention_pathways."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.oviedo.intervention_pathways import intervention_pathways_figure

with jobs.job(snakemake):
    chart = intervention_pathways_figure(
        interventions=pl.read_parquet(snakemake.input.interventions),
        energy=pl.read_parquet(snakemake.input.energy),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
