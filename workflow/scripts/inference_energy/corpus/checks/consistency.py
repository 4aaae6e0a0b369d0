"""Rows compared with the registries and with their own other columns."""

import polars as pl

from inference_energy.corpus.checks.finding import findings, rounded

ROUNDING = 0.5
OUTPUT_TOK_PER_S = pl.col("output_tok_per_s_per_gpu") * pl.col("gpus")  # of all GPUs that were metered


def stated_parameters(throughput: pl.DataFrame, models: pl.DataFrame, tolerance: float) -> pl.DataFrame:
    """Rows whose source states another number of parameters than the registry.

    Args:
        throughput: accepted rows.
        models: model registry.
        tolerance: largest accepted difference as a share of the registry's number; half a billion is always accepted,
            as sources round to whole billions.
    """
    known = ["total_parameters_billions", "active_parameters_billions"]
    rows = throughput.join(models.select("model", *known), on="model", how="left")
    return pl.concat(
        findings(
            rows.filter(
                (pl.col(f"stated_{name}") - pl.col(name)).abs() > pl.max_horizontal(tolerance * pl.col(name), ROUNDING)
            ),
            check="stated_parameters",
            severity="warning",
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


def energy_against_power(energy: pl.DataFrame, tolerance: float) -> pl.DataFrame:
    """Measured energies that differ from power over throughput of the same run by more than a factor."""
    rows = energy.with_columns(from_power=pl.col("power_w") / OUTPUT_TOK_PER_S)
    off = (pl.col("from_power") / pl.col("energy_j_per_output_token")).log().abs()
    return findings(
        rows.filter(off > pl.lit(tolerance).log()),
        check="energy_against_power",
        severity="warning",
        found=pl.col("energy_j_per_output_token"),
        expected=pl.col("from_power"),
        unit="J/output token",
        message=pl.format(
            "{} J per output token, but its power over its throughput is {}",
            rounded("energy_j_per_output_token"),
            rounded("from_power"),
        ),
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
        severity="error",
        found=pl.col("power"),
        expected=pl.col("rating"),
        unit="W",
        message=pl.format("{} W measured; rated for {} W", rounded("power"), rounded("rating")),
    )
