"""Figures of a GPU entered as those of a node, and the reverse."""

import polars as pl

from inference_energy.corpus.checks.finding import findings, rounded

NEIGHBOURS = [
    *("model", "gpu", "precision", "load", "phase", "serving", "speculative_decoding"),
    *("length_in", "length_out", "batch"),
]
LEAST_NEIGHBOURS = 2
ROW = [
    *("source", "row_id", "file", "line", "model", "gpu", "gpus", "precision", "load", "phase"),
    *("serving", "speculative_decoding"),
    "output_tok_per_s_per_gpu",
]


def unit_slips(throughput: pl.DataFrame, tolerance: float) -> pl.DataFrame:
    """Rows whose throughput per GPU is off from that of their neighbours by just the number of their GPUs.

    Neighbours share model, GPU, precision, load, serving and speculative decoding, with lengths equal to one
    significant digit and batch in the same octave; at least two other rows are needed. A per-GPU figure entered as that
    of an instance is too small by the number of GPUs, the reverse too large by it. An error by a factor of two cannot
    be distinguished from a true difference and is not looked for. `tolerance` is the largest factor between the ratio
    of a row to its neighbours and the number of GPUs.
    """
    about = {
        "length_in": pl.col("input_tokens").round_sig_figs(1),
        "length_out": pl.col("output_tokens").round_sig_figs(1),
        "batch": pl.col("concurrency").log(2).floor(),
    }
    known = throughput.select(*ROW, **about).filter(
        pl.col("output_tok_per_s_per_gpu").is_not_null(), pl.col("length_out").is_not_null()
    )
    # Neighbours are named by the first of them, as one number is faster to group by than ten columns. One row with a
    # wrong unit leaves the median of three or more at one of the others.
    rows = (
        known.with_row_index("row")
        .with_columns(group=pl.first("row").over(NEIGHBOURS))
        .with_columns(
            neighbours=pl.len().over("group") - 1,
            typical=pl.median("output_tok_per_s_per_gpu").over("group"),
        )
        .filter(pl.col("neighbours") >= LEAST_NEIGHBOURS, pl.col("gpus") > 2)
    )
    rows = rows.with_columns(ratio=pl.col("output_tok_per_s_per_gpu") / pl.col("typical"))
    off = (pl.col("ratio").log().abs() - pl.col("gpus").log()).abs()
    caught = rows.filter(off < pl.lit(tolerance).log())
    too_small = pl.col("ratio") < 1
    return findings(
        caught,
        check="unit_slip",
        found=pl.col("output_tok_per_s_per_gpu"),
        expected=pl.col("typical"),
        unit="output tok/s/GPU",
        message=pl.format(
            "{} output tok/s/GPU is {} x that of its {} neighbours ({}), about its {} GPUs: {}",
            rounded("output_tok_per_s_per_gpu"),
            rounded("ratio", 3),
            "neighbours",
            rounded("typical"),
            "gpus",
            pl.when(too_small)
            .then(pl.lit("a per-GPU figure entered as that of all GPUs?"))
            .otherwise(pl.lit("a figure of all GPUs entered per GPU?")),
        ),
    )
