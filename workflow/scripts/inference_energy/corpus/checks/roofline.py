"""Rows that exceed physical limits: more than the GPU can compute, read or hold."""

import polars as pl

from inference_energy.corpus.checks.finding import findings, rounded
from inference_energy.corpus.number_formats import BYTES_PER_PARAMETER, peak_tflop_per_s

BYTES_PER_GB = 1e9
ROW = [
    *("source", "row_id", "file", "line", "model", "gpu", "gpus", "precision", "concurrency", "speculative_decoding"),
    *("input_tokens", "input_length_kind", "output_tokens", "output_length_kind", "output_tok_per_s_per_gpu"),
]


def with_limits(throughput: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Throughput rows with the roofline of their GPU and model, per GPU.

    `compute_limit`: output tok/s per GPU <= peak / (2 P_active (1 + L_in / L_out)), as every output token takes at
    least 2 P_active operations and so does every input token of a prompt that is computed and not cached (counted
    only where both lengths are fixed). `memory_limit`: every decode step reads the active weights once and gives at
    most one token per request in flight, so tok/s per GPU <= concurrency * bandwidth / (P_active * bytes) for the
    weights' share of that GPU. `weights_gb`: P_total * bytes, which must fit into the memory of all GPUs.

    Source: Williams, Waterman, Patterson, Communications of the ACM 52(4), 2009, doi:10.1145/1498765.1498785
    (roofline); Pope et al., Efficiently Scaling Transformer Inference, arXiv:2211.05102, section 2 (2 P per token,
    weight traffic per step).
    """
    peaks = [f"peak_{name}_tflop_per_s" for name in ("fp16", "fp8", "fp4", "int8")]
    rows = (
        throughput.select(*ROW)
        .join(models.select("model", "total_parameters_billions", "active_parameters_billions"), on="model", how="left")
        .join(hardware.select("gpu", "memory_gb", "memory_bandwidth_gb_per_s", *peaks), on="gpu", how="left")
    )
    bytes_each = pl.col("precision").replace_strict(BYTES_PER_PARAMETER, return_dtype=pl.Float64)
    # ASSUME: no cached prompts in benchmarks of fixed lengths; with them, a row above its limit may still be correct,
    # and its note should say so.
    prompt_share = (
        pl.when((pl.col("input_length_kind") == "fixed") & (pl.col("output_length_kind") == "fixed"))
        .then(pl.col("input_tokens") / pl.col("output_tokens"))
        .fill_null(0.0)
    )
    # A step of speculative decoding gives a request several tokens.
    one_token_a_step = pl.col("speculative_decoding").fill_null("none") == "none"
    active = pl.col("active_parameters_billions") * 1e9
    return rows.with_columns(
        compute_limit=peak_tflop_per_s() * 1e12 / (2 * active * (1 + prompt_share)),
        memory_limit=pl.when(one_token_a_step).then(
            pl.col("concurrency") * pl.col("memory_bandwidth_gb_per_s") * BYTES_PER_GB / (active * bytes_each)
        ),
        weights_gb=pl.col("total_parameters_billions") * bytes_each,
        held_gb=pl.col("memory_gb") * pl.col("gpus"),
    )


def impossible(limits: pl.DataFrame) -> pl.DataFrame:
    """Rows above a limit of `with_limits`."""
    found = pl.col("output_tok_per_s_per_gpu")
    above = [
        findings(
            limits.filter(found > pl.col(limit)),
            check=f"above_{limit}",
            found=found,
            expected=pl.col(limit),
            unit="output tok/s/GPU",
            message=pl.format(
                "{} output tok/s/GPU; " + reason + " allows at most {}",
                rounded("output_tok_per_s_per_gpu"),
                rounded(limit),
            ),
        )
        for limit, reason in (
            ("compute_limit", "the GPU's peak arithmetic"),
            ("memory_limit", "reading the weights once per step"),
        )
    ]
    # Throughput stated per GPU may be of a service on more GPUs than the row knows.
    too_big = limits.filter(pl.col("weights_gb") > pl.col("held_gb"))
    return pl.concat(
        [
            *above,
            findings(
                too_big,
                check="weights_do_not_fit",
                found=pl.col("weights_gb"),
                expected=pl.col("held_gb"),
                unit="GB",
                message=pl.format(
                    "{} weights of {} take {} GB; {} x {} hold {} GB",
                    "precision",
                    "model",
                    rounded("weights_gb"),
                    "gpus",
                    "gpu",
                    rounded("held_gb"),
                ),
            ),
        ]
    )
