"""Wiring of rule throughput_fit."""

from pathlib import Path

import polars as pl
from inference_energy import corrections, log, result_tables, studies, tables, throughput

with log.job(snakemake) as logger:
    name, study = snakemake.wildcards.study, snakemake.params.study
    models = dict(pl.read_parquet(snakemake.input.models)["model", "total_parameters_billions"].iter_rows())
    studies.check_against_registry(study, f"config/studies/{name}.yaml", models)
    chosen = study["throughput"]
    published = pl.read_parquet(snakemake.input.throughput)
    if chosen["corrected"]:
        published = corrections.corrected(
            published, pl.read_parquet(snakemake.input.corrections), Path("resources/corrections.csv")
        )
    fit, rows = throughput.throughput_fit(
        throughput=published,
        study=name,
        sources=chosen["sources"],
        precision=chosen["precision"],
        minimum_rows=chosen["minimum_rows"],
        gpus=chosen.get("gpus"),
    )
    members = {model_class: spec["weights"] for model_class, spec in study["classes"].items()}
    studies.check_members_fitted(members, f"config/studies/{name}.yaml", fit["model"].to_list())
    tables.write(fit, snakemake.output.fit, result_tables.THROUGHPUT_FIT)
    tables.write(rows, snakemake.output.rows, result_tables.THROUGHPUT_ROWS)
    prompt = study["workloads"]["traditional"]["input_tokens"]
    tables.write(throughput.throughput_curve(fit, prompt), snakemake.output.curve, result_tables.THROUGHPUT_CURVE)
    logger.info("%s", fit)
