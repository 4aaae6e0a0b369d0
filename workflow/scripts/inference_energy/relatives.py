"""Throughput of a configuration that was never measured, borrowed from its nearest measured relatives."""

import numpy as np
import polars as pl

from inference_energy.configurations import KEY, PER_GPU, groups
from inference_energy.gpu_seconds import GpuSeconds
from inference_energy.registries import network
from inference_energy.roofline import BYTES_PER_PARAMETER, peak_tflop_per_s

# From near to far; the first that has a member is borrowed from.
KINSHIPS = ("other_version", "other_gpu", "other_model", "other_architecture")
COEFFICIENTS = ["prefill_s_per_token", "decode_s_per_token", "attention_s_per_token2"]


def with_facts(coefficients: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame) -> pl.DataFrame:
    """Fitted configurations with what their coefficients scale with: network, architecture, parameters, bandwidth..."""
    size = pl.col("active_parameters_billions").alias("active")
    return (
        coefficients.join(
            models.select("model", network(), size, "architecture"), on="model", how="left", maintain_order="left"
        )
        .join(hardware, on="gpu", how="left", maintain_order="left")
        .with_columns(
            bandwidth=pl.col("memory_bandwidth_gb_per_s"),
            bytes=pl.col("precision").replace_strict(BYTES_PER_PARAMETER, return_dtype=pl.Float64),
            peak=peak_tflop_per_s(),
        )
    )


def relatives(facts: pl.DataFrame, target: dict, kinship: str) -> pl.DataFrame:
    """Fitted configurations that are of one kinship to a target, never itself.

    - `other_version`: the same network, GPU and precision in another version or parallelism, as it is.
    - `other_gpu`: the same network on another GPU: prefill by the ratio of peak arithmetic, decode by that of memory
      bandwidth over bytes per parameter, attention by that of memory bandwidth.
    - `other_model`: another network of the same architecture (dense, mixture of experts or hybrid) on the same GPU and
      precision: prefill and decode by the ratio of active parameters, attention by its square root.
    - `other_architecture`: likewise from networks of another architecture, where there is none of the same.

    Args:
        facts: table of `with_facts`.
        target: its row for the configuration; coefficients of its own are not looked at.
        kinship: one of `KINSHIPS`.
    """
    same_network, same_gpu = pl.col("network") == target["network"], pl.col("gpu") == target["gpu"]
    alike = same_gpu & (pl.col("precision") == target["precision"])
    same_architecture = pl.col("architecture") == target["architecture"]
    relation = {
        "other_version": same_network & alike & (pl.col("configuration") != target["configuration"]),
        "other_gpu": same_network & ~same_gpu,
        "other_model": ~same_network & alike & same_architecture,
        "other_architecture": ~same_network & alike & ~same_architecture,
    }[kinship]
    return facts.filter(relation)


def borrowed(facts: pl.DataFrame, target: dict, kinship: str) -> GpuSeconds | None:
    """Coefficients for one configuration from its `relatives`; none if it has none, or facts to scale by are missing.

    The median over the relatives is taken, coefficient by coefficient.
    """
    found = relatives(facts, target, kinship)
    # ASSUME: prefill is bound by arithmetic, decoding by memory traffic, also in large batches; KV caches grow more
    # slowly than models, as grouped queries share them. Each is checked by leaving configurations out.
    size, peak = target["active"] / pl.col("active"), pl.col("peak") / target["peak"]
    traffic = pl.col("bandwidth") / target["bandwidth"]
    factors = {
        "other_version": (pl.lit(1.0), pl.lit(1.0), pl.lit(1.0)),
        "other_gpu": (peak, traffic * target["bytes"] / pl.col("bytes"), traffic),
        "other_model": (size, size, size.sqrt()),
        "other_architecture": (size, size, size.sqrt()),
    }[kinship]
    scaled = found.select(
        pl.col(name) * factor for name, factor in zip(COEFFICIENTS, factors, strict=True)
    ).drop_nulls()
    if scaled.is_empty():
        return None
    prefill, decode, attention = (float(scaled[name].median()) for name in COEFFICIENTS)
    return GpuSeconds(prefill=prefill, decode=decode, attention=attention, kv_growth=target["kv_growth"])


def left_out_configurations(
    rows: pl.DataFrame, coefficients: pl.DataFrame, models: pl.DataFrame, hardware: pl.DataFrame
) -> pl.DataFrame:
    """Every row predicted from relatives of its configuration alone, once per kinship that has any.

    Returns:
        The columns of `configurations.left_out`; `form` is `borrowed from <kinship>`.
    """
    columns = ["configuration", "source", "row_id", *KEY, "input_tokens", "output_tokens", PER_GPU]
    facts = with_facts(coefficients, models, hardware)
    own = dict(groups(rows))
    found = []
    for target in facts.iter_rows(named=True):
        group = own[target["configuration"]]
        lengths = [group[name].to_numpy() for name in ("input_tokens", "output_tokens")]
        for kinship in KINSHIPS:
            form = borrowed(facts, target, kinship)
            if form is not None:
                predicted = np.asarray(form.tok_per_s(*lengths))
                found.append(
                    group.select(columns)
                    .with_columns(
                        pl.lit(f"borrowed_{kinship}").alias("form"),
                        pl.Series("predicted_tok_per_s_per_gpu", predicted),
                    )
                    .with_columns(ratio=pl.col("predicted_tok_per_s_per_gpu") / pl.col(PER_GPU))
                )
    nothing = (
        rows.select(columns)
        .clear()
        .with_columns(
            pl.lit("").alias("form"),
            pl.lit(0.0).alias("predicted_tok_per_s_per_gpu"),
            pl.lit(0.0).alias("ratio"),
        )
    )
    return pl.concat([nothing, *found])
