"""Non-production estimates compared like for like with the published method: the same model, tokens and boundary."""

import polars as pl

from inference_energy.oviedo.energy import energy_wh, fitted_models, random_factors, unit_energy_wh
from inference_energy.studies.study import PublishedStudy
from inference_energy.validation.statements import METERED_BY_STATEMENT

# ASSUME: non-production estimates are those inferred from the speed of an API, top-down, or measured without batching;
# the publication does not list the ones it means. Source: arXiv 2509.20241, abstract.
NON_PRODUCTION = ("api_inferred", "top_down", "unbatched_measurement")
BOUNDARY = "datacenter"  # of the published method: node power and PUE


def overstatement_pairs(
    *, study_name: str, study: PublishedStudy, fit: pl.DataFrame, estimates: pl.DataFrame
) -> pl.DataFrame:
    """Every non-production estimate of a model that the study has a curve for, with the study's median for it.

    Both are for the tokens that the estimate states, and for node power and PUE. With its lengths fixed, the energy of
    a query is a constant times two log-normals, so its median is the formula at the medians of utilisation and PUE.
    """
    curves = fitted_models(fit)
    utilisation, pue = (factor.percentile(0.0) for factor in random_factors(study))
    named = ("source", "row_id", "model", "kind", "input_tokens", "output_tokens", "energy_wh")
    comparable = estimates.filter(
        pl.col("kind").is_in(NON_PRODUCTION),
        pl.col("boundary").replace_strict(METERED_BY_STATEMENT, default=None) == BOUNDARY,
        pl.col("input_tokens").is_not_null() & pl.col("output_tokens").is_not_null(),
    ).select(named)
    lengths = [f"{side}_tokens" for side in ("input", "output")]
    outside = [~pl.col(name).is_between(f"{name}_min", f"{name}_max") for name in lengths]
    pairs = comparable.join(
        fit.select("model", *(f"{name}_{end}" for name in lengths for end in ("min", "max"))), on="model"
    ).sort("source", "row_id")
    ours = [
        energy_wh(
            unit_energy_wh=unit_energy_wh(
                node_power_kw=study.node_power_kw.of_model(row["model"]),
                output_tokens=row["output_tokens"],
                tok_per_s=curves[row["model"]].tok_per_s(row["input_tokens"], row["output_tokens"]),
            ),
            utilisation=utilisation,
            pue=pue,
        )
        for row in pairs.iter_rows(named=True)
    ]
    return pairs.with_columns(
        study=pl.lit(study_name),
        boundary=pl.lit(BOUNDARY),
        extrapolated=pl.any_horizontal(outside),
        study_wh=pl.Series(ours, dtype=pl.Float64),
    ).select(
        *("study", "source", "row_id", "model", "kind", "boundary", *lengths, "extrapolated", "energy_wh", "study_wh"),
        factor=pl.col("energy_wh") / pl.col("study_wh"),
    )
