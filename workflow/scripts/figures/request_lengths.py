"""Wiring of rule figure_request_lengths."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.figures import render
from inference_energy.figures.requests.request_lengths import request_lengths_figure
from inference_energy.oviedo import token_lengths
from inference_energy.statistics import quantiles
from inference_energy.studies.study import PublishedStudy

with jobs.job(snakemake):
    study = snakemake.params.study
    chart = request_lengths_figure(
        measured=pl.read_parquet(snakemake.input.quantiles),
        answers=pl.read_parquet(snakemake.input.answers),
        assumed=token_lengths.assumed_lengths(PublishedStudy.of(study), quantiles.SHARES),
        title=study["title"],
    )
    render.save(chart, snakemake.output)
