"""The same run twice, the same figure under two configurations, and figures that contradict each other."""

import polars as pl

from inference_energy.corpus.checks.finding import findings, rounded

# Rows that agree in these did the same work on the same GPUs ...
SAME_WORK = [
    *("model", "gpu", "gpus", "precision", "phase"),
    *("input_tokens", "input_length_kind", "output_tokens", "output_length_kind"),
]
# ... in the same way, if none of these is stated by both and different.
UNLESS_UNSTATED = ["engine", "engine_version", "concurrency", "prompts", "serving", "speculative_decoding"]
FACTS = [
    *SAME_WORK,
    *UNLESS_UNSTATED,
    *("nodes", "load", "throughput_counts"),
    *("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel"),
]
ROW = ["source", "row_id"]
PLACE = [*ROW, "file", "line", "throughput_tok_per_s"]
COMPARED_DIGITS = 4


def duplicates(throughput: pl.DataFrame) -> pl.DataFrame:
    """Rows with every fact and the throughput (to four digits) equal to that of an earlier row."""
    key = [*FACTS, "digits"]
    # Per GPU, so that the figure of a node and that of an instance of the same GPUs are recognised as one.
    speed = pl.coalesce("output_tok_per_s_per_gpu", "throughput_tok_per_s")
    digits = speed.round_sig_figs(COMPARED_DIGITS).alias("digits")
    # Hashes find the few candidates without a second copy of a large table; then all facts are compared.
    hashes = throughput.select(pl.struct(*FACTS, digits).hash()).to_series()
    rows = throughput.filter(hashes.is_duplicated()).sort(ROW).select(*FACTS, *PLACE, digits)
    first = [pl.first(name).alias(f"other_{name}") for name in ROW]
    groups = rows.group_by(key, maintain_order=True).agg(*first, pl.len().alias("rows")).filter(pl.col("rows") > 1)
    repeated = rows.join(groups, on=key, nulls_equal=True, maintain_order="left").filter(
        (pl.col("source") != pl.col("other_source")) | (pl.col("row_id") != pl.col("other_row_id"))
    )
    return findings(
        repeated,
        check="duplicate",
        found=pl.col("throughput_tok_per_s"),
        unit="tok/s",
        message=pl.format(
            "{} tok/s is also row {} {}, with the same configuration",
            rounded("throughput_tok_per_s", 6),
            "other_source",
            "other_row_id",
        ),
    )


def same_figure_other_gpus(throughput: pl.DataFrame) -> pl.DataFrame:
    """Rows of two sources with the same model, GPU, throughput and answer length, but another number of GPUs.

    Equal to four digits in throughput, answer length and batch, they are one run; one source has its GPUs wrong.
    """
    digits = {
        name: pl.col(name).round_sig_figs(COMPARED_DIGITS)
        for name in ("throughput_tok_per_s", "output_tokens", "concurrency")
    }
    key = ["model", "gpu", *digits]
    mean_length = throughput.filter(pl.col("output_length_kind") == "mean", pl.col("gpus").is_not_null())
    kept = mean_length.with_columns(**digits)
    pairs = kept.join(kept.select(*key, *ROW, "gpus"), on=key, suffix="_other").filter(
        pl.col("source") != pl.col("source_other"), pl.col("gpus") != pl.col("gpus_other")
    )
    return findings(
        pairs.rename({"source_other": "other_source", "row_id_other": "other_row_id"}),
        check="same_figure_other_gpus",
        found=pl.col("gpus"),
        expected=pl.col("gpus_other"),
        unit="GPUs",
        message=pl.format(
            "{} tok/s on {} GPUs is the same run as row {} {}, which ran on {} GPUs",
            rounded("throughput_tok_per_s"),
            "gpus",
            "other_source",
            "other_row_id",
            "gpus_other",
        ),
    )


def conflicts(throughput: pl.DataFrame, factor: float) -> pl.DataFrame:
    """Rows of one configuration whose output throughput per GPU differs by more than a factor.

    Rows are of one configuration if model, GPUs, precision and both fixed lengths are equal, and if engine, its
    version, requests in flight and prompts are not stated by both and different: a value that is not stated may be the
    same. The arrival of requests is ignored: hundreds in flight should come near the offline maximum. Each source is
    represented by the slowest and the fastest of such rows; the slower row is named.
    """
    speed = "output_tok_per_s_per_gpu"
    of_work = {"fastest": pl.max(speed), "slowest": pl.min(speed), "group": pl.first("row")}
    rows = (
        throughput.select(*SAME_WORK, *UNLESS_UNSTATED, *PLACE, speed)
        .drop_nulls([*SAME_WORK, speed])
        .filter(pl.col("input_length_kind") == "fixed", pl.col("output_length_kind") == "fixed")
        .with_row_index("row")
        .with_columns(**{name: value.over(SAME_WORK) for name, value in of_work.items()})
    )
    # Only rows that differ that much from another row of the same work are compared in pairs, by numbers alone.
    is_slow, is_fast = factor * pl.col(speed) < pl.col("fastest"), pl.col(speed) > factor * pl.col("slowest")
    rows = rows.filter(is_slow | is_fast).sort(speed, *ROW)
    lean = rows.select(
        *("row", "group", "source", "fastest", "slowest", speed),
        *(pl.col(name).rank("dense") for name in UNLESS_UNSTATED),
    )
    extremes = lean.group_by("source", "group", *UNLESS_UNSTATED, maintain_order=True)
    slow = extremes.first().filter(is_slow)
    fast = extremes.last().filter(is_fast)
    pairs = (
        slow.join(fast, on="group", suffix="_other")
        .filter(
            pl.col(f"{speed}_other") > factor * pl.col(speed),
            *(
                (pl.col(name) == pl.col(f"{name}_other")).fill_null(True)  # unstated by either: may be the same
                for name in UNLESS_UNSTATED
            ),
        )
        .select("row", "row_other", (pl.col(f"{speed}_other") / pl.col(speed)).alias("ratio"))
    )
    others = rows.select(
        pl.col("row").alias("row_other"), *(pl.col(name).alias(f"other_{name}") for name in (*ROW, speed))
    )
    pairs = pairs.join(rows, on="row").join(others, on="row_other")
    return findings(
        pairs,
        check="conflict",
        found=pl.col(speed),
        expected=pl.col(f"other_{speed}"),
        unit="output tok/s/GPU",
        message=pl.format(
            "{} output tok/s/GPU, but row {} {} of the same configuration has {}: {} x",
            rounded(speed),
            "other_source",
            "other_row_id",
            rounded(f"other_{speed}"),
            rounded("ratio", 3),
        ),
    )
