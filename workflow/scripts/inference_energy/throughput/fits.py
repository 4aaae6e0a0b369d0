"""Serving configurations that were measured at several lengths, and how well a form of throughput predicts them.

A configuration is one model on one GPU in one precision, with one engine version, parallelism and number of
requests in flight; its rows differ in prompt and answer length alone.
"""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.statistics.quantiles import Z_P95
from inference_energy.throughput import gpu_time, log_linear

KEY = [
    *("model", "gpu", "precision", "engine", "engine_version", "gpus", "concurrency"),
    *("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel"),
]
PER_GPU = "output_tok_per_s_per_gpu"
FORMS = ("gpu_seconds", "log_linear")
BAND = (0.75, 1.33)
# The pooled error of all configurations weighs as much as this many rows of a configuration.
PRIOR_ROWS = 4

Predictor = Callable[[np.ndarray, np.ndarray], np.ndarray]


def measured_at_several_lengths(rows: pl.DataFrame, minimum_rows: int) -> pl.DataFrame:
    """Rows of offline benchmarks of fixed lengths whose configuration has enough of them, with `configuration`.

    Enough are `minimum_rows` different pairs of lengths.

    Raises:
        InputError: no configuration has that many.
    """
    usable = rows.filter(
        pl.col("load") == "offline",
        pl.col("input_length_kind") == "fixed",
        pl.col("output_length_kind") == "fixed",
        pl.col(PER_GPU).is_not_null(),
    )
    lengths = pl.struct("input_tokens", "output_tokens").n_unique().over("source", *KEY)
    named = pl.concat_str(
        *("source", "model", "gpu", "precision", "engine", "engine_version", pl.format("{} GPUs", "gpus")),
        *(pl.format(f"{short}{{}}", name) for short, name in zip(("TP", "PP", "EP", "DP"), KEY[-4:], strict=True)),
        pl.format("{} in flight", "concurrency"),
        separator=", ",
        ignore_nulls=True,
    )
    found = usable.filter(lengths >= minimum_rows)
    if found.is_empty():
        raise InputError(
            f"throughput_forms.minimum_rows: found {minimum_rows}; allowed: at most the pairs of lengths that an"
            " offline configuration of the corpus has"
        )
    return found.with_columns(configuration=named).sort("configuration", "input_tokens", "output_tokens", "row_id")


def groups(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of every configuration, by its name."""
    for (name,), group in rows.group_by("configuration", maintain_order=True):
        yield name, group


def predictor(form: str, group: pl.DataFrame, kv_growth: float) -> Predictor:
    """Output tokens per second and GPU as a function of both lengths, fitted to rows of one configuration."""
    lengths = [group[name].to_numpy() for name in ("input_tokens", "output_tokens")]
    observed = group[PER_GPU].to_numpy()
    if form == "gpu_seconds":
        return gpu_time.fit(*lengths, observed, kv_growth).tok_per_s
    return log_linear.fit(*lengths, observed, minimum_rows=3).tok_per_s


def left_out(rows: pl.DataFrame, kv_growth: float) -> pl.DataFrame:
    """Every row predicted by a fit to the other rows of its configuration, in both forms.

    Returns:
        The rows with `form`, `predicted_tok_per_s_per_gpu` and `ratio` = predicted / observed.
    """
    found = []
    for _, group in groups(rows):
        for form in FORMS:
            predictions = []
            for place, row in enumerate(group.iter_rows(named=True)):
                predicted = predictor(form, group.filter(pl.int_range(pl.len()) != place), kv_growth)
                predictions.append(float(predicted(row["input_tokens"], row["output_tokens"])))
            found.append(
                group.select("configuration", "source", "row_id", *KEY, "input_tokens", "output_tokens", PER_GPU)
                .with_columns(pl.lit(form).alias("form"), pl.Series("predicted_tok_per_s_per_gpu", predictions))
                .with_columns(ratio=pl.col("predicted_tok_per_s_per_gpu") / pl.col(PER_GPU))
            )
    return pl.concat(found)


def with_fit_error(predictions: pl.DataFrame) -> pl.DataFrame:
    """Predictions with the error that the other rows suggest, and whether it covers the truth.

    `fit_error_log_sd` of a row is the root mean square log ratio of the *other* rows of its configuration, pooled
    with that of all other configurations as if by `PRIOR_ROWS` further rows: six rows determine the error of a
    configuration poorly. `inside_90` says whether the observed value lies within the central 90 % of a log-normal of
    that error.
    """
    square = pl.col("ratio").log() ** 2
    own = ["form", "configuration"]
    own_sum, own_rows = square.sum().over(own), pl.len().over(own)
    rows_elsewhere = pl.len().over("form") - own_rows
    elsewhere = (
        pl.when(rows_elsewhere > 0)
        .then((square.sum().over("form") - own_sum) / rows_elsewhere)
        .otherwise(own_sum / own_rows)  # only one configuration
    )
    variance = (own_sum - square + PRIOR_ROWS * elsewhere) / (own_rows - 1 + PRIOR_ROWS)
    return predictions.with_columns(fit_error_log_sd=variance.sqrt()).with_columns(
        inside_90=square.sqrt() <= Z_P95 * pl.col("fit_error_log_sd")
    )


def summary(predictions: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """How far predictions are from what was observed, per group: all ratios are predicted / observed."""
    log_ratio = pl.col("ratio").log()
    return (
        predictions.group_by(by, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("rows"),
            pl.col("configuration").n_unique().cast(pl.Int64).alias("configurations"),
            log_ratio.mean().exp().alias("ratio_geometric_mean"),
            (log_ratio**2).mean().sqrt().exp().alias("ratio_geometric_sd"),
            pl.col("ratio").min().alias("ratio_min"),
            pl.col("ratio").max().alias("ratio_max"),
            pl.col("ratio").is_between(*BAND).mean().alias("share_within_band"),
            pl.col("inside_90").mean().alias("share_inside_90"),
        )
        .sort(by)
    )


def coefficients(rows: pl.DataFrame, kv_growth: float) -> pl.DataFrame:
    """The three coefficients of every configuration, fitted to all of its rows, in GPU-seconds."""
    found = []
    for _, group in groups(rows):
        lengths = [group[column].to_numpy() for column in ("input_tokens", "output_tokens")]
        form = gpu_time.fit(*lengths, group[PER_GPU].to_numpy(), kv_growth)
        found.append(
            group.select("configuration", "source", *KEY)
            .head(1)
            .with_columns(
                rows=pl.lit(len(group), pl.Int64),
                prefill_s_per_token=pl.lit(form.prefill),
                decode_s_per_token=pl.lit(form.decode),
                attention_s_per_token2=pl.lit(form.attention),
                kv_growth=pl.lit(kv_growth),
                **{name: pl.lit(tokens) for name, tokens in log_linear.length_ranges(*lengths).items()},
            )
        )
    return pl.concat(found)


def stated_error(fitted: pl.DataFrame, predictions: pl.DataFrame) -> pl.DataFrame:
    """Coefficients with the error that goes with them, as a log deviation.

    As in `with_fit_error`, but from all rows: the mean square log ratio of all left-out rows of a configuration,
    pooled with that of all configurations as if by four further rows.
    """
    square = pl.col("ratio").log() ** 2
    direct = predictions.filter(pl.col("form") == "gpu_seconds")
    everyone = direct.select(square.mean()).item()
    own = direct.group_by("configuration").agg(square.sum().alias("own_sum"), pl.len().alias("own_rows"))
    pooled = (pl.col("own_sum") + PRIOR_ROWS * everyone) / (pl.col("own_rows") + PRIOR_ROWS)
    return (
        fitted.join(own, on="configuration", maintain_order="left")
        .with_columns(fit_error_log_sd=pooled.sqrt())
        .drop("own_sum", "own_rows")
    )


def compared(predictions: pl.DataFrame) -> pl.DataFrame:
    """Summary of every form, over all configurations and for each."""
    overall = summary(predictions, ["form"]).with_columns(configuration=pl.lit("all"))
    each = summary(predictions, ["form", "configuration"])
    return pl.concat([overall.select(each.columns), each])
