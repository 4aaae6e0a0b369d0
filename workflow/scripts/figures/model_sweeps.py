"""Wiring of rule figure_model_sweeps."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.fleet.model_sweeps import model_sweeps_figure

with jobs.job(snakemake):
    rows = pl.read_parquet(snakemake.input.sweeps).filter(study=snakemake.wildcards.study)
    render.save(model_sweeps_figure(sweeps=rows, study=snakemake.params.study), snakemake.output)
