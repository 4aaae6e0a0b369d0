"""Measured energies that cannot be true are kept apart from those that studies and figures use."""

import polars as pl

from inference_energy.corpus.checks.finding import rounded

# What a row set apart says of itself, beside its own columns.
WHY = {"check": pl.String, "found": pl.Float64, "expected": pl.Float64, "unit": pl.String, "message": pl.String}
OUTPUT_TOK_PER_S = pl.col("output_tok_per_s_per_gpu") * pl.col("gpus")


def of_all_gpus(energy: pl.DataFrame) -> pl.DataFrame:
    """Energy and power of all GPUs of the deployment, from rows that may be of one of its GPUs."""
    one = (pl.col("metered") == "one_gpu") & (pl.col("boundary") == "gpu_boards")
    return energy.with_columns(
        pl.when(one).then(pl.col(name) * pl.col("gpus")).otherwise(pl.col(name)).alias(name)
        for name in ("energy_j_per_output_token", "power_w", "idle_power_w")
    )


def with_board_share(energy: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Rows with `board_share_of_tdp`: mean power of a GPU board over its TDP; null for other boundaries.

    Power that is not stated is energy per output token times output throughput.
    """
    power = pl.coalesce("power_w", pl.col("energy_j_per_output_token") * OUTPUT_TOK_PER_S)
    share = power / pl.col("gpus") / pl.col("tdp_w")
    return energy.join(hardware.select("gpu", "tdp_w"), on="gpu", how="left", maintain_order="left").with_columns(
        board_share_of_tdp=pl.when(pl.col("boundary") == "gpu_boards").then(share)
    )


def set_apart(
    energy: pl.DataFrame, hardware: pl.DataFrame, limits: dict[str, float]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Measured energies that can be true, and those that cannot, with the first reason.

    `energy` are accepted rows with the configuration of their runs, `limits` are `checks` of `config/config.yaml`.

    Returns:
        Both parts in the columns of `energy`, the second with those of `WHY`.
    """
    kept, apart = with_board_share(energy, hardware), []
    for impossible, why in (*_board_rules(limits), _power_rule(limits["energy_factor"])):
        broken = impossible.fill_null(False)
        apart.append(kept.filter(broken).select(*energy.columns, **dict(zip(WHY, why, strict=True))).cast(WHY))
        kept = kept.filter(~broken)
    return kept.select(energy.columns), pl.concat(apart)


# When a measured energy cannot be true, and the columns of `WHY` that tell it.
Rule = tuple[pl.Expr, tuple[pl.Expr, ...]]


def _board_rules(limits: dict[str, float]) -> list[Rule]:
    """Boards that serve draw more than when idle and on average no more than their TDP.

    Boards of a disaggregated service that seem to draw next to nothing were divided by GPUs that were not metered.
    """
    share = pl.col("board_share_of_tdp")
    low, high, separate = (limits[f"board_share_{name}"] for name in ("low", "high", "disaggregated_low"))
    disaggregated = pl.col("serving").fill_null("") == "disaggregated"

    def rule(check: str, broken: pl.Expr, limit: float, meaning: str) -> Rule:
        said = pl.format("GPU boards at {} of their TDP; {}", rounded("board_share_of_tdp", 3), pl.lit(meaning))
        return broken, (pl.lit(check), share, pl.lit(limit), pl.lit("of TDP"), said)

    separately = f"below {separate:g}, power and tokens of a disaggregated service are not of the same GPUs"
    return [
        rule("board_power_impossible", share > high, high, f"at most {high:g} is possible"),
        rule("disaggregated_power_impossible", disaggregated & (share < separate), separate, separately),
        rule("board_power_impossible", share < low, low, f"a GPU that serves draws at least {low:g}"),
    ]


def _power_rule(factor: float) -> Rule:
    """Energy per output token is power over output throughput.

    Where the energy is of the steady state and the throughput of the whole run, which is lower, the energy may be below
    that quotient, and not above it.
    """
    energy, from_power = pl.col("energy_j_per_output_token"), pl.col("power_w") / OUTPUT_TOK_PER_S
    ratio = energy / from_power
    whole_run = pl.col("measured_over").fill_null("whole_run") == "whole_run"
    said = "{} J per output token, but its power over its throughput is {}"
    message = pl.format(said, rounded(energy), rounded(from_power))
    broken = (ratio > factor) | (whole_run & (ratio < 1 / factor))
    return broken, (pl.lit("energy_against_power"), energy, from_power, pl.lit("J/output token"), message)
