"""Energy per token against batch and latency, and what a latency target costs."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.statistics.distributions import Interpolated
from inference_energy.statistics.quantiles import PERCENTILES
from inference_energy.throughput.fits import PER_GPU

ENERGY, LATENCY, SHARE = "energy_j_per_output_token", "inter_token_latency_ms", "throughput_share_at_latency"
# What one series of runs has in common while only the number of concurrent requests changes.
LATENCY_SERIES = [
    *("source", "model", "gpu", "gpus", "precision"),
    *("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel", "prompts"),
]
# What an operator may not change to meet a latency; GPUs per copy, precision, parallelism and batch are free.
CASE = ["source", "model", "gpu", "prompts"]
MINIMUM_BATCHES = 3
STALLED = 2.0  # mean time per output token over the latency between tokens from which on a request mostly waits
# Median latency as it is stated, else the mean.
STATISTICS = {"median": "inter_token_latency_p50_ms", "mean": "inter_token_latency_mean_ms"}
# From five tokens per second to two hundred.
TARGETS_MS = (
    *(5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 25, 27, 30, 33, 36, 40, 45),
    *(50, 55, 60, 65, 70, 80, 90, 100, 110, 120, 130, 150, 175, 200),
)


def series(energy: pl.DataFrame) -> pl.DataFrame:
    """Runs of series that sweep the batch, each compared with all runs of its model, GPU and prompts.

    `LATENCY_SERIES` says what a series is; it counts from three different batches (mean numbers of requests in flight,
    rounded) on. `energy_over_best` is energy per output token over the least of the same source, model, GPU and
    prompts, whatever the precision and parallelism. A run is `pareto` if no other of these dominates it,
    that is, is better in latency or energy and at least as good in the other. `stalled` runs are excluded: their
    requests wait longer than they are served.

    Args:
        energy: accepted rows of measured energy with their runs.

    Returns:
        `LATENCY_SERIES`, then `row_id, concurrency, inter_token_latency_ms, latency_statistic ('median'|'mean'),
        time_per_output_token_ms, energy_j_per_output_token, output_tok_per_s_per_gpu, energy_over_best, stalled,
        pareto`.
        `time_per_output_token_ms` is concurrency over throughput (Little's law): a mean that holds the wait for the
        first token and every pause for other prompts, which a median latency between tokens does not show.
    """
    # ASSUME: a median and a mean latency are one quantity within a source; sources are never mixed, as their engines
    # are years apart and one states the median (ML.ENERGY v3), the other the mean (v2).
    known = (
        energy.filter(pl.col("boundary") == "gpu_boards")
        .with_columns(
            pl.coalesce(STATISTICS.values()).alias(LATENCY),
            latency_statistic=pl.coalesce(
                *(pl.when(pl.col(name).is_not_null()).then(pl.lit(word)) for word, name in STATISTICS.items())
            ),
            time_per_output_token_ms=1000 * pl.col("concurrency") / pl.col("throughput_tok_per_s"),
        )
        .drop_nulls([LATENCY, "concurrency", "time_per_output_token_ms", ENERGY, PER_GPU])
        # ASSUME: an engine that is given more requests than its memory holds preempts them, or lets them wait for
        # their first token; the latency between the tokens it does generate then says little, and may even fall with
        # the batch (Qwen3-235B on 4 B200: 144 ms at 2,045 requests, but 68 ms at 3,765, which take 283 ms per token).
        # A service with a latency target does not run like this.
        .with_columns(stalled=pl.col("time_per_output_token_ms") > STALLED * pl.col(LATENCY))
    )
    batches = pl.col("concurrency").round().n_unique().over(LATENCY_SERIES)
    runs = known.filter(batches >= MINIMUM_BATCHES).sort(*CASE, LATENCY, ENERGY, "row_id")
    # A run is dominated by one that is as fast with less energy, or faster with no more energy.
    best = (
        runs.filter(~pl.col("stalled"))
        .group_by(*CASE, LATENCY, maintain_order=True)
        .agg(pl.col(ENERGY).min().alias("as_fast"))
        .with_columns(pl.col("as_fast").cum_min().shift(1).over(CASE).alias("faster"))
    )
    beaten = (pl.col(ENERGY) > pl.col("as_fast")) | (pl.col(ENERGY) >= pl.col("faster")).fill_null(False)
    return (
        runs.join(best, on=[*CASE, LATENCY], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            energy_over_best=pl.col(ENERGY) / pl.col(ENERGY).min().over(CASE), pareto=~beaten & ~pl.col("stalled")
        )
        .select(
            *(*LATENCY_SERIES, "row_id", "concurrency", LATENCY, "latency_statistic", "time_per_output_token_ms"),
            *(ENERGY, PER_GPU, "energy_over_best", "stalled", "pareto"),
        )
        .sort(*LATENCY_SERIES, "concurrency", "row_id")
    )


def energy_cost_of_latency(series: pl.DataFrame, targets_ms: Iterable[float] = TARGETS_MS) -> pl.DataFrame:
    """Least energy and most throughput among the runs that meet a latency target, over the best of all runs.

    cost = least energy per output token where latency <= target, over the least of all;
    throughput_share_at_latency = largest output throughput per GPU where latency <= target, over the largest of all:
    the part of its offline maximum that a target leaves to a service that is always busy. Both compare runs of one
    source, model, GPU and prompts, in any precision and parallelism; both are null where no run meets the target. A
    stalled run meets none, but counts among all.

    Args:
        series: table of `series`.
        targets_ms: largest latencies between tokens that are allowed, ms.

    Returns:
        `CASE, latency_statistic, target_ms, runs, runs_that_meet, cost, throughput_share_at_latency`.
    """
    # ASSUME: the best of the measured runs is the best there is. Sweeps start at a batch of 8 and end where memory or
    # the benchmark does: a target that no run meets may be met by a smaller batch or more GPUs, and an energy below
    # the least may be found with a larger batch, so that a cost is rather too small.
    targets = pl.DataFrame({"target_ms": sorted({float(target) for target in targets_ms})}, {"target_ms": pl.Float64})
    meets = (pl.col(LATENCY) <= pl.col("target_ms")) & ~pl.col("stalled")
    return (
        series.join(targets, how="cross")
        .group_by(*CASE, "target_ms")
        .agg(
            pl.col("latency_statistic").first(),
            runs=pl.len().cast(pl.Int64),
            runs_that_meet=meets.sum().cast(pl.Int64),
            cost=pl.col(ENERGY).filter(meets).min() / pl.col(ENERGY).min(),
            **{SHARE: pl.col(PER_GPU).filter(meets).max() / pl.col(PER_GPU).max()},
        )
        .select(*CASE, "latency_statistic", "target_ms", "runs", "runs_that_meet", "cost", SHARE)
        .sort(*CASE, "target_ms")
    )


def summary(costs: pl.DataFrame) -> pl.DataFrame:
    """Quantiles over models of what a latency target costs, per source, GPU and target.

    Every model counts once, with the median over its prompts. A model that does not meet the target ranks behind all
    that do, so that the same models stand behind every target: `cost_p50` is the least factor within which half of
    *all* models stay. A quantile that falls on a model that does not meet the target is null.

    Args:
        costs: table of `energy_cost_of_latency`.

    Returns:
        `source, gpu, latency_statistic, target_ms, models, models_that_meet, cost_p05, _p50, _p95,
        throughput_share_at_latency_p05, _p50, _p95`.
    """
    group = ["source", "gpu", "latency_statistic", "target_ms"]
    # ASSUME: a model of several prompts meets a target if it does with all of them. Where it does not, its cost counts
    # as infinite and its throughput as none.
    unmet = {"cost": float("inf"), SHARE: 0.0}
    models = costs.group_by(*group, "model").agg(
        pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).median()).otherwise(value).alias(name)
        for name, value in unmet.items()
    )
    # An inverse distribution function: nothing lies between a model that meets a target and one that does not.
    quantiles = {
        f"{column}_{name}": pl.col(column).quantile(share, "equiprobable").replace(value, None)
        for column, value in unmet.items()
        for name, share in PERCENTILES.items()
    }
    met = pl.col("cost").is_finite().sum().cast(pl.Int64)
    return (
        models.group_by(group)
        .agg(models=pl.len().cast(pl.Int64), models_that_meet=met, **quantiles)
        .sort("source", "gpu", "target_ms")
    )


def representatives(series: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Runs of one model and its prompts per model class: the one with the most runs of those on every GPU.

    Args:
        series: table of `series`, of one source.
        models: model registry.

    Returns:
        Rows of `series` with `model_class`; classes without a model on every GPU are left out.
    """
    known = series.join(models.select("model", "model_class"), on="model", maintain_order="left")
    chosen = (
        known.group_by("model_class", "model", "prompts")
        .agg(pl.len().alias("runs"), pl.col("gpu").n_unique().alias("gpus"))
        .filter(pl.col("gpus") == series["gpu"].n_unique())
        .sort("model_class", pl.col("runs").cast(pl.Int64).neg(), "model", "prompts")
        .unique("model_class", keep="first", maintain_order=True)
    )
    return known.join(chosen.select("model", "prompts"), on=["model", "prompts"], how="semi", maintain_order="left")


def latency_distribution(
    gpu: str, target_ms: float, latency: pl.DataFrame, hardware: pl.DataFrame, place: str
) -> Interpolated:
    """Distribution of the factor by which a latency between tokens raises the energy on a GPU, over
    models: P5, P50 and P95.

    Measured at the largest target that is no larger than the one asked for, on the GPU itself or on the measured one
    whose memory bandwidth is nearest.

    Raises:
        InputError: half of the models do not meet the target, or it is shorter than any that was evaluated.
    """
    medians = latency.filter(pl.col("latency_statistic") == "median", pl.col("cost_p50").is_not_null())
    bandwidth = dict(hardware.select("gpu", "memory_bandwidth_gb_per_s").iter_rows())
    # ASSUME: what latency costs on a GPU without measurements is what it costs on the one most like it.
    like_it = min(medians["gpu"].unique().sort(), key=lambda name: abs(np.log(bandwidth[name] / bandwidth[gpu])))
    met = medians.filter(pl.col("gpu") == like_it).sort("target_ms")
    usable = met.filter(pl.col("target_ms") <= target_ms)
    if usable.is_empty():
        raise InputError(
            f"{place}: found {target_ms:g}; allowed: {met['target_ms'][0]:g} or more, which half of the models meet on"
            f" {like_it}"
        )
    row = usable.row(-1, named=True)
    low, middle = row["cost_p05"], row["cost_p50"]
    # ASSUME: where too few models meet a target to say its P95, it lies as far above the median as P5 below it.
    high = row["cost_p95"] if row["cost_p95"] is not None else middle**2 / low
    return Interpolated(shares=(0.05, 0.5, 0.95), values=(low, middle, high))
