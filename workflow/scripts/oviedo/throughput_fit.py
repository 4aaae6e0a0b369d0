"""Wiring of rule throughput_fit."""

import polars as pl
from inference_energy.common import jobs
from inference_energy.oviedo import tables as oviedo_tables
from inference_energy.studies import checks
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import writing
from inference_energy.throughput import log_linear

with jobs.job(snakemake) as logger:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    models = dict(pl.read_parquet(snakemake.input.models)["model", "total_parameters_billions"].iter_rows())
    checks.check_against_registry(study, f"config/studies/{name}.yaml", models)
    throughput, corrections = (pl.read_parquet(snakemake.input[table]) for table in ("throughput", "corrections"))
    fit, rows = log_linear.study_fit(name, study.throughput, throughput, corrections)
    members = {model_class: spec.weights for model_class, spec in study.classes.items()}
    checks.check_members_fitted(members, f"config/studies/{name}.yaml", fit["model"].to_list())
    prompt = study.workloads["traditional"].input_tokens
    writing.write_all(
        snakemake.output,
        fit=(fit, oviedo_tables.THROUGHPUT_FIT),
        rows=(rows, oviedo_tables.THROUGHPUT_ROWS),
        curve=(log_linear.throughput_curve(fit, prompt), oviedo_tables.THROUGHPUT_CURVE),
    )
    logger.info("%s", fit)
