"""Wiring of rule figure_model_sweeps."""

import polars as pl
from inference_energy import log, render
from inference_energy.figures.model_sweeps import model_sweeps_figure

with log.job(snakemake):
    rows = pl.read_parquet(snakemake.input.sweeps).filter(study=snakemake.wildcards.study)
    render.save(model_sweeps_figure(sweeps=rows, study=snakemake.params.study), snakemake.output)
