"""The curve that serves every member of a study: fitted, transferred or log-linear."""

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.energy.resolve import Tables
from inference_energy.energy.service import Member
from inference_energy.studies.checks import check_members_fitted
from inference_energy.studies.study import NestedStudy
from inference_energy.throughput import log_linear
from inference_energy.throughput.borrowing import CURVE_COLUMNS, OWN, RANGE_COLUMNS, fit_members


def fitted(name: str, study: NestedStudy, tables: Tables) -> pl.DataFrame:
    """The curve of every member of a study, one row each: model, GPU, precision, form, coefficients, error, lengths.

    Raises:
        InputError: a class whose models are not of it, or a member without a curve.
    """
    check_classes(name, study, tables.models)
    if study.throughput.form == "log_linear":
        return _log_linear(name, study, tables)
    table = fit_members(
        name,
        study,
        coefficients=tables.coefficients,
        left_out=tables.left_out,
        forms=tables.forms,
        models=tables.models,
        hardware=tables.hardware,
    )
    nothing = pl.lit(None, pl.Float64)
    return table.with_columns(form=pl.lit("gpu_seconds"), **dict.fromkeys(_LOG_LINEAR, nothing))


_LOG_LINEAR = ("intercept", "slope_input", "slope_output", "cap_tok_per_s")


def check_classes(name: str, study: NestedStudy, models: pl.DataFrame) -> None:
    """Check that the models of a study's classes are of that class in the registry.

    Raises:
        InputError: an unknown model, or one of another class.
    """
    known = dict(models.select("model", "model_class").iter_rows())
    for model_class, spec in study.classes.items():
        place = f"config/studies/{name}.yaml: classes.{model_class}.weights"
        for model in spec.weights:
            if known.get(model) != spec.model_class:
                of_class = sorted(found for found, its in known.items() if its == spec.model_class)
                raise InputError(
                    f"{place}: found {model!r}, {known.get(model, 'which is not in resources/models.csv')};"
                    f" allowed: models of class {spec.model_class}: {', '.join(of_class)}"
                )


def _log_linear(name: str, study: NestedStudy, tables: Tables) -> pl.DataFrame:
    by_model, _ = log_linear.study_fit(name, study.throughput, tables.throughput, tables.corrections)
    known = {row["model"]: row for row in by_model.iter_rows(named=True)}
    served = {model_class: of.model_shares() for model_class, of in study.classes.items()}
    check_members_fitted(served, f"config/studies/{name}.yaml", known)
    found = []
    for model, gpu, precision in study.members():
        row = known[model]
        found.append(
            {"study": name, "model": model, "gpu": gpu, "precision": precision, "kinship": OWN}
            | {"configuration": None, "rows": row["rows"], "form": row["form"]}
            | {key: row[key] for key in (*_LOG_LINEAR, *RANGE_COLUMNS)}
            | dict.fromkeys(CURVE_COLUMNS)
            | {
                "fit_error_log_sd": float(np.log(row["leave_one_out_ratio_geometric_sd"])),
                "leave_one_out_ratio_min": row["leave_one_out_ratio_min"],
                "leave_one_out_ratio_max": row["leave_one_out_ratio_max"],
            }
        )
    return pl.DataFrame(found, schema_overrides=dict.fromkeys(CURVE_COLUMNS, pl.Float64) | {"configuration": pl.String})


def borrowed_members(fit: pl.DataFrame) -> set[Member]:
    """Members without rows of their own."""
    return set(fit.filter(pl.col("kinship") != OWN).select("model", "gpu", "precision").iter_rows())
