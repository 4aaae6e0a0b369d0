"""Wiring of rule throughput_fit."""

from inference_energy.oviedo import tables
from inference_energy.studies import checks
from inference_energy.studies.study import PublishedStudy
from inference_energy.tables import wiring
from inference_energy.throughput import log_linear

with wiring.job(snakemake) as job:
    name, study = snakemake.wildcards.study, PublishedStudy.of(snakemake.params.study)
    models = dict(job.table("models")["model", "total_parameters_billions"].iter_rows())
    checks.check_against_registry(study, f"config/studies/{name}.yaml", models)
    fit, rows = log_linear.throughput_fit(name, study.throughput, job.table("throughput"), job.table("corrections"))
    members = {model_class: spec.weights for model_class, spec in study.classes.items()}
    checks.check_members_fitted(members, f"config/studies/{name}.yaml", fit["model"].to_list())
    curve = log_linear.throughput_curve(fit, study.workloads["traditional"].input_tokens)
    job.write(tables, rows=rows, curve=curve, fit=fit)
