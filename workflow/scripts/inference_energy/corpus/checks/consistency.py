"""Rows compared with the registries and with their own other columns."""

import polars as pl

from inference_energy.corpus.checks.finding import findings, rounded
from inference_energy.corpus.names import precision_in
from inference_energy.corpus.number_formats import BYTES_PER_PARAMETER
from inference_energy.corpus.plausible import OUTPUT_TOK_PER_S

ROUNDING = 0.5


def stated_parameters(throughput: pl.DataFrame, models: pl.DataFrame, tolerance: float) -> pl.DataFrame:
    """Rows whose source states another number of parameters than the registry.

    They may differ by `tolerance`, a share of the number, or half a billion, as sources round to whole billions.
    """
    known = ["total_parameters_billions", "active_parameters_billions"]
    stated = [f"stated_{name}" for name in known]
    rows = throughput.filter(pl.any_horizontal(pl.col(stated).is_not_null()))
    rows = rows.join(models.select("model", *known), on="model", how="left")
    return pl.concat(
        findings(
            rows.filter(
                (pl.col(f"stated_{name}") - pl.col(name)).abs() > pl.max_horizontal(tolerance * pl.col(name), ROUNDING)
            ),
            check="stated_parameters",
            found=pl.col(f"stated_{name}"),
            expected=pl.col(name),
            unit="billion parameters",
            message=pl.format(
                "the source states {} B " + name.split("_")[0] + " parameters; the registry has {} B",
                rounded(f"stated_{name}"),
                rounded(name),
            ),
        )
        for name in known
    )


def precision_in_name(throughput: pl.DataFrame) -> pl.DataFrame:
    """Rows whose model is stated by a name with another number format than the row's precision, by its size."""
    stated = {name: precision_in(name) for name in throughput["stated_model"].drop_nulls().unique()}
    named = pl.col("stated_model").replace_strict(stated, default=None, return_dtype=pl.String)
    named_size, size = (
        name.replace_strict(BYTES_PER_PARAMETER, default=None, return_dtype=pl.Float64)
        for name in (named, pl.col("precision"))
    )
    return findings(
        throughput.filter(named_size != size),
        check="precision_in_name",
        message=pl.format("{} weights, but its model is stated as {}", "precision", "stated_model"),
    )


def power_above_rating(energy: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Measured power above the rating of the boards or the node: TDP of all GPUs, rated power of all nodes."""
    rows = energy.join(hardware.select("gpu", "tdp_w", "node_rated_power_kw", "gpus_per_node"), on="gpu", how="left")
    rating = (
        pl.when(pl.col("boundary") == "gpu_boards")
        .then(pl.col("tdp_w") * pl.col("gpus"))
        .otherwise(pl.col("node_rated_power_kw") * 1000 * pl.col("nodes"))
    )
    power = pl.coalesce("power_w", pl.col("energy_j_per_output_token") * OUTPUT_TOK_PER_S)
    rows = rows.with_columns(rating=rating, power=power)
    return findings(
        rows.filter(pl.col("power") > pl.col("rating")),
        check="power_above_rating",
        found=pl.col("power"),
        expected=pl.col("rating"),
        unit="W",
        message=pl.format("{} W measured; rated for {} W", rounded("power"), rounded("rating")),
    )
