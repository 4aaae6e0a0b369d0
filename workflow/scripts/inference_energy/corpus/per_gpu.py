"""The one quantity that makes throughput rows comparable: output tokens per second and GPU."""

import polars as pl


def output_tok_per_s_per_gpu() -> pl.Expr:
    """Output tokens per second of one GPU, from a row of the throughput table.

    Throughput of an instance is divided by its GPUs, that of a node by the GPUs of a node. Where input and output
    tokens are counted together, the output's part is L_out / (L_in + L_out), as every query needs both. Null where
    that is not known, where only input tokens are counted, and for GPUs that do prefill or decode alone: their
    figure leaves out the other half of the work.
    """
    gpus = (
        pl.when(pl.col("throughput_scope") == "gpu")
        .then(1.0)
        .when(pl.col("throughput_scope") == "node")
        .then(pl.col("gpus") / pl.col("nodes"))
        .otherwise(pl.col("gpus"))
    )
    output_part = (
        pl.when(pl.col("throughput_counts") == "output")
        .then(1.0)
        .when(pl.col("throughput_counts") == "total")
        .then(pl.col("output_tokens") / (pl.col("input_tokens") + pl.col("output_tokens")))
    )
    both_phases = pl.col("phase") == "prefill_and_decode"
    return (
        pl.when(both_phases).then(pl.col("throughput_tok_per_s") * output_part / gpus).alias("output_tok_per_s_per_gpu")
    )
