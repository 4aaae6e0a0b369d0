"""Replicas of round numbers, parameters without effect, and synthetic runs for the tests of the serving model."""

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
from check_rows import hardware, models
from inference_energy.serving import step
from inference_energy.serving.fit import fit_model
from inference_energy.serving.parameters import POWER, TIME
from inference_energy.serving.replicas import Registries, Replicas

NONE = -60.0  # logarithm of next to nothing

# One GPU with 8 billion weights of two bytes: 16 GB at 4 TB/s and 16 GFLOP at 1 PFLOP/s per token.
ONE = {
    **{"gpus": 1, "active_parameters": 8e9, "experts": 1, "experts_per_token": 0, "with_experts": 0, "layers": 32},
    **{"attention_stages": 0, "key_value_heads": 8, "kv_full": 0, "kv_window": 0, "window_tokens": 1},
    **{"kv_stored": 0, "kv_stored_window": 0, "state": 0, "attention_full_flop": 0, "attention_window_flop": 0},
    **{"shared_bytes": 16e9, "expert_bytes": 0, "kv_bytes": 2, "memory_b": 80e9, "tdp_w": 500},
    **{"bandwidth_b_per_s": 4e12, "peak_flop_per_s": 1e15, "peak_16_bit_flop_per_s": 1e15},
    **{"attention_data_parallel": 0, "speculative": 0, "tuned": 0, "old_engine": 0, "software_years": 0, "youth": 0},
    **{"input_tokens": 1000, "output_tokens": 200, "cached_share": 0},
}
# 128 experts of a hundred million weights of one byte, eight used: 1 GB is shared, 13.8 GB are all weights.
SPARSE = {
    **{"active_parameters": 1.8e9, "experts": 128, "experts_per_token": 8, "with_experts": 1},
    **{"shared_bytes": 1e9, "expert_bytes": 1e8},
}
LIMITLESS = {"peak_flop_per_s": 1e30, "peak_16_bit_flop_per_s": 1e30}

# Overheads of nothing, everything else as the hardware promises.
OVERHEADS = ("step_s", "layer_s", "request_layer_s", "all_reduce_s", "verified_tokens")
NEUTRAL = {parameter.name: 0.0 for parameter in (*TIME, *POWER)} | dict.fromkeys(OVERHEADS, NONE)
USUAL = {parameter.name: parameter.prior for parameter in (*TIME, *POWER)}


def replica(**changes):
    """`ONE` with changes; a list is a replica for each of its values.

    Unless they are given, the context is the prompt and half of the answer, and a prompt computes its attention as the
    answer does.
    """
    given = {name: np.array(value, dtype=float) for name, value in (ONE | changes).items()}
    context = given["input_tokens"] + given["output_tokens"] / 2
    given = {"context_tokens": context, "attention_prompt_flop": given["attention_full_flop"]} | given
    values = np.broadcast_arrays(*(np.atleast_1d(value) for value in given.values()))
    return Replicas(**dict(zip(given, values, strict=True)))


def seconds(of, batch, **given):
    """Seconds per token, of `NEUTRAL` with changes."""
    return step.time_per_token(of, np.atleast_1d(np.array(batch, dtype=float)), NEUTRAL | given).seconds


GPUS = hardware(
    {"gpu": "H", "aliases": "x"},
    {"gpu": "I", "memory_gb": 141, "memory_bandwidth_gb_per_s": 4800},
    {"gpu": "B", "generation": "Blackwell", "memory_gb": 180, "memory_bandwidth_gb_per_s": 8000, "tdp_w": 1000}
    | {"peak_fp16_tflop_per_s": 2250, "peak_fp8_tflop_per_s": 4500},
)
NETWORKS = models(
    {"model": "small", "total_parameters_billions": 8, "active_parameters_billions": 8},
    {"model": "large", "total_parameters_billions": 70, "active_parameters_billions": 70},
    {"model": "sparse", "total_parameters_billions": 120, "active_parameters_billions": 10},
    {"model": "sparser", "total_parameters_billions": 230, "active_parameters_billions": 10},
).with_columns(native_precision=pl.lit("FP8"))
SLOW, SLOWER_BY, HOTTER_BY = "sparser", 0.5, 0.15
CELL_SD, ROW_SD = 0.1, 0.05


def grid(batches=(1, 4, 16, 64, 256)):
    """Every model on every GPU at every batch, nothing measured."""
    lengths = pl.DataFrame({"input_tokens": [1000.0, 200.0, 4000.0], "output_tokens": [200.0, 1000.0, 500.0]})
    frame = NETWORKS.select("model").join(GPUS.select("gpu"), how="cross").join(lengths, how="cross")
    frame = frame.with_columns(cell=pl.concat_str("model", "gpu", "input_tokens"))
    frame = frame.join(pl.DataFrame({"batch": [float(batch) for batch in batches]}), how="cross").with_columns(
        **{"precision": pl.lit("FP8"), "engine": pl.lit("vLLM"), "gpus": 4.0, "cached_share": 0.0, "tuned": 0.0},
        **{"attention_data_parallel": 0.0, "speculative": 0.0, "old_engine": 0.0, "software_years": 0.0, "youth": 0.0},
        campaign=pl.when(pl.col("input_tokens") == 200).then(pl.lit("mine")).otherwise(pl.lit("yours")),
    )
    return Registries(models=NETWORKS, hardware=GPUS).described(frame).sort("cell", "batch")


@cache
def runs():
    """The grid measured: by the middle of the priors, one network slower and hotter, with errors of cells and rows."""
    frame, generator = grid(), np.random.default_rng(7)
    place = frame["cell"].rank("dense").to_numpy() - 1
    error = CELL_SD * generator.standard_normal(place.max() + 1)[place]
    slow = (frame["network"] == SLOW).to_numpy()
    error = error + ROW_SD * generator.standard_normal(len(frame)) + SLOWER_BY * slow
    of = Replicas.of(frame)
    time = step.time_per_token(of, frame["batch"].to_numpy(), USUAL)
    measured = time.seconds * np.exp(error)
    effect = HOTTER_BY * slow + ROW_SD * generator.standard_normal(len(frame))
    share = step.board_share(step.boards(of, USUAL, effect), time, measured)
    return frame.with_columns(seconds_per_token=pl.Series(measured), board_share=pl.Series(share))


@cache
def model():
    """The serving model fitted to `runs`."""
    return fit_model(runs())


def without_errors(part):
    """A part of the model whose cells and rows do not differ."""
    return replace(part, fit=replace(part.fit, cell_sd=0.0, row_sd=0.0))


def certain(part):
    """A part of the model without any uncertainty."""
    part = without_errors(part)
    return replace(part, fit=replace(part.fit, covariance=0 * part.fit.covariance))
