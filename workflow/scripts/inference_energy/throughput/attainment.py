"""Attainment: throughput of busy services over the offline maximum, from pairs of benchmark rows."""

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.registries import network
from inference_energy.statistics.distributions import Beta
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput.fits import PER_GPU, version_order
from inference_energy.throughput.gpu_time import GpuSeconds

COLUMNS = [
    *("kind", "source", "row_id", "reference", "model", "gpu", "precision", "gpus", "output_tokens"),
    *("attained_tok_per_s_per_gpu", "offline_tok_per_s_per_gpu", "ratio", "ratio_low", "ratio_high", "basis"),
]
SMALLEST_VARIANCE = 1e-6  # of ratios that a distribution is fitted to
LIKE_GPUS = 1.5  # largest factor between the memory bandwidths of GPUs that are compared
CHAT = "(?i)chat"  # in the name of prompts that people typed
# Input lengths that a chat run may have had where its source does not say: low, middle, high.
CHAT_INPUT_TOKENS = (100.0, 300.0, 1000.0)


def attainment_pairs(
    throughput: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame, coefficients: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of an online and an offline throughput of the same network, one row each, in `COLUMNS`.

    `ratio` is attained over offline, in output tokens per second and GPU; `ratio_low` and `ratio_high` are its
    range where the two rows differ in something that is not stated. What is counted twice by its publisher (a
    result at two accuracy targets) is one pair.

    Args:
        throughput: accepted throughput rows.
        models: model registry.
        hardware: hardware registry.
        coefficients: table `throughput_configurations`.
    """
    networks = models.select("model", network())
    rows = throughput.join(networks, on="model", how="left")
    found = [
        _of_one_system(rows),
        _against_fits(rows, coefficients.join(networks, on="model", how="left")),
        _of_a_fleet(rows, hardware),
    ]
    return pl.concat([frame.select(COLUMNS) for frame in found]).sort("kind", "source", "row_id", "reference")


def _of_one_system(rows: pl.DataFrame) -> pl.DataFrame:
    """Server and interactive against offline runs of one submitted system and model (MLPerf)."""
    system = pl.col("row_id").str.replace(r"/[^/]+$", "").alias("system")
    rows = rows.with_columns(system)
    offline = rows.filter(load="offline").select(
        "source",
        "system",
        pl.format("{}/{}", "source", "row_id").alias("reference"),
        pl.col(PER_GPU).alias("offline_tok_per_s_per_gpu"),
    )
    pairs = rows.filter(pl.col("load").is_in(["server", "interactive"])).join(offline, on=["source", "system"])
    ratio = pl.col(PER_GPU) / pl.col("offline_tok_per_s_per_gpu")
    return (
        pairs.with_columns(
            kind=pl.format("{} over offline", "load"),
            attained_tok_per_s_per_gpu=PER_GPU,
            ratio=ratio,
            ratio_low=ratio,
            ratio_high=ratio,
            basis=pl.lit("one system, the same prompts; arrivals at random under the latency limit of the benchmark"),
        )
        .sort("source", "row_id")
        .unique(
            ["kind", "source", "model", "gpu", "gpus", "attained_tok_per_s_per_gpu", "offline_tok_per_s_per_gpu"],
            keep="first",
            maintain_order=True,
        )
    )


def _against_fits(rows: pl.DataFrame, coefficients: pl.DataFrame) -> pl.DataFrame:
    """The fastest chat run of a network on a GPU over the offline fit of the same network, GPUs and precision."""
    same = ["network", "gpu", "precision", "gpus"]
    runs = (
        rows.filter(
            pl.col("load") == "closed_loop",
            pl.col("prompts").str.contains(CHAT),
            pl.col("input_tokens").is_null(),
            pl.col("output_length_kind") == "mean",
            pl.col("gpus").is_not_null(),
        )
        .sort(PER_GPU, "source", "row_id")
        .group_by([*same, "prompts"], maintain_order=True)
        .last()
    )
    newest = coefficients.sort(version_order(), "configuration").group_by(same, maintain_order=True).last()
    pairs = runs.join(newest.drop("source", "model"), on=same, suffix="_fit").filter(
        pl.col("output_tokens").is_between("output_tokens_min", "output_tokens_max")
    )
    # ASSUME: prompts of these runs have 100 to 1,000 tokens, 300 in the middle; their source does not say. The
    # middle is what the pair is taken at, the ends are its range.
    offline = {
        name: pl.Series(
            name,
            [
                float(GpuSeconds.from_row(row).tok_per_s(tokens, row["output_tokens"]))
                for row in pairs.iter_rows(named=True)
            ],
            dtype=pl.Float64,
        )
        for name, tokens in zip(("short", "offline_tok_per_s_per_gpu", "long"), CHAT_INPUT_TOKENS, strict=True)
    }
    return pairs.with_columns(offline.values()).with_columns(
        kind=pl.lit("chat run over offline fit"),
        reference=pl.col("configuration"),
        attained_tok_per_s_per_gpu=PER_GPU,
        ratio=pl.col(PER_GPU) / pl.col("offline_tok_per_s_per_gpu"),
        ratio_low=pl.col(PER_GPU) / pl.col("short"),
        ratio_high=pl.col(PER_GPU) / pl.col("long"),
        basis=pl.lit("another engine on real prompts, whose length is not stated: 300 tokens, range 100 to 1,000"),
    )


def _of_a_fleet(rows: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Mean of a live fleet compared with the best offline row of the same network and precision on a like GPU."""
    bandwidth = hardware.select("gpu", pl.col("memory_bandwidth_gb_per_s").alias("bandwidth"))
    rows = rows.join(bandwidth, on="gpu", how="left").filter(pl.col(PER_GPU).is_not_null())
    offline = rows.filter(pl.col("load") == "offline").select(
        "network",
        "precision",
        pl.format("{}/{}", "source", "row_id").alias("reference"),
        pl.col(PER_GPU).alias("offline_tok_per_s_per_gpu"),
        pl.col("bandwidth").alias("offline_bandwidth"),
    )
    pairs = rows.filter(pl.col("load") == "production").join(offline, on=["network", "precision"])
    advantage = pl.col("offline_bandwidth") / pl.col("bandwidth")
    pairs = (
        pairs.filter(advantage.is_between(1 / LIKE_GPUS, LIKE_GPUS))
        .sort("offline_tok_per_s_per_gpu", "reference")
        .group_by("source", "row_id", maintain_order=True)
        .last()
    )
    ratio = pl.col(PER_GPU) / pl.col("offline_tok_per_s_per_gpu")
    return pairs.with_columns(
        kind=pl.lit("fleet over offline"),
        attained_tok_per_s_per_gpu=PER_GPU,
        # ASSUME: between GPUs of one generation decoding goes with memory bandwidth at most; the pair is taken half
        # way between that and no difference at all.
        ratio=ratio * advantage.sqrt(),
        ratio_low=pl.min_horizontal(ratio, ratio * advantage),
        ratio_high=pl.max_horizontal(ratio, ratio * advantage),
        basis=pl.lit("all nodes of a live service, quiet hours and cached prompts included, against another GPU"),
    )


def attainment_distribution(pairs: pl.DataFrame, weights: dict[str, float], place: str) -> Beta:
    """Beta distribution with the mean and variance of the ratios of all pairs.

    Args:
        pairs: table of `attainment_pairs`.
        weights: weight of every kind of pair; the pairs of a kind share it equally.
        place: names the weights in errors.

    Raises:
        InputError: a kind without pairs, or pairs that are too few or too alike for a distribution.
    """
    known = pairs["kind"].unique().to_list()
    for kind in weights:
        if kind not in known:
            raise InputError(f"{place}: found {kind!r}; allowed: {one_of(known)}")
    # ASSUME: a service is as likely to be like one kind of pair as like another, in proportion to the weights; a
    # ratio above 1, where a run online beat the one offline, counts as 1.
    numbers = {kind: float(weight) for kind, weight in weights.items()}
    weighted = pairs.filter(pl.col("kind").is_in(list(weights))).select(
        pl.col("ratio").clip(upper_bound=1.0),
        weight=pl.col("kind").replace_strict(numbers, return_dtype=pl.Float64) / pl.len().over("kind"),
    )
    share = weighted["weight"] / weighted["weight"].sum()
    mean = float((share * weighted["ratio"]).sum())
    variance = float((share * (weighted["ratio"] - mean) ** 2).sum())
    if variance < SMALLEST_VARIANCE:
        raise InputError(
            f"{place}: found {len(weighted)} pair(s), all with a ratio of about {mean:.3g}; allowed: kinds whose pairs"
            " differ, or a distribution such as {family: beta, p05: 0.4, p95: 0.9}"
        )
    return Beta.from_moments(mean=mean, variance=variance)


def summary(pairs: pl.DataFrame) -> pl.DataFrame:
    """Number and quantiles of the pairs of every kind."""
    return (
        pairs.group_by("kind")
        .agg(
            pl.len().cast(pl.Int64).alias("pairs"),
            pl.col("model").n_unique().cast(pl.Int64).alias("models"),
            *(pl.col("ratio").quantile(share, "linear").alias(f"ratio_{name}") for name, share in QUANTILES.items()),
        )
        .sort("kind")
    )
