"""A study of method `published` in the terms of method `nested`, so that one set of formulas covers both."""

import polars as pl

from inference_energy.studies.study import NestedStudy, PublishedStudy

# ASSUME: the node of the published method is one of eight H100; its power is the study's, not this GPU's.
GPU = "H100 SXM 80GB"


def as_nested(study: PublishedStudy) -> NestedStudy:
    """The study's entries as method `nested` names them: a rated node, always busy, with the published curve.

    Overheads are left out, as the published ones differ between workloads; so are
    interventions, which act on the energy of a query only.
    """
    return NestedStudy.of(
        {name: getattr(study, name) for name in ("title", "description", "pue", "workloads", "classes")}
        | {
            "boundary": {"query": "datacenter", "fleet": "fleet"},
            "throughput": {"form": "log_linear", "fit_error": False},
            "hardware": [{"gpu": GPU, "precision": study.throughput.precision, "share": 1}],
            "power": {"form": "rated", "node_kw": study.node_power_kw, "utilisation": study.power_utilisation},
            "load": 1.0,
            "attainment": 1.0,
            "latency_target_ms": None,
            "overheads": [],
            "interventions": {"overlap": 0.0},
            "fleet": {"subject": study.fleet.subject, "scenarios": study.fleet.scenarios, "levers": []},
        }
    )


def fit_as_nested(fit: pl.DataFrame, study: NestedStudy) -> pl.DataFrame:
    """The study's table `throughput_fit`, of the models that its classes have, with the columns of a member."""
    (hardware,) = study.hardware
    models = {model for spec in study.classes.values() for model in spec.weights}
    return fit.filter(pl.col("model").is_in(models)).with_columns(
        gpu=pl.lit(hardware.gpu), precision=pl.lit(hardware.precision), fit_error_log_sd=pl.lit(0.0)
    )
