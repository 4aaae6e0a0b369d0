"""Wiring of rule figure_intervention_pathways."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.intervention_pathways import intervention_pathways_figure

with log.job(snakemake):
    chart = intervention_pathways_figure(
        interventions=pl.read_parquet(snakemake.input.interventions),
        energy=pl.read_parquet(snakemake.input.energy),
        study=snakemake.params.study,
    )
    render.save(chart, snakemake.output)
