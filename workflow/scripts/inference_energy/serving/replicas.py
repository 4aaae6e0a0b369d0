"""Replicas: one copy of a model on some GPUs, as arrays with a value each."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Self

import numpy as np
import polars as pl

from inference_energy.common.conversions import B_PER_GB, FLOP_PER_TFLOP
from inference_energy.corpus.names import network
from inference_energy.serving.network import networks
from inference_energy.tables.units import COUNT, SHARE

# Bytes per weight. FP4 formats keep a scale per 16 or 32 numbers.
WEIGHT_BYTES = {"FP4": 0.5625, "MXFP4": 0.53, "INT4": 0.53, "FP8": 1.0, "INT8": 1.0, "BF16": 2.0, "FP16": 2.0}
# Format in which a precision computes: whole numbers of 4 bits are unpacked to 8.
COMPUTES_IN = {"FP4": "FP4", "MXFP4": "FP4", "INT4": "FP8", "INT8": "FP8", "FP8": "FP8", "BF16": "BF16", "FP16": "BF16"}
USABLE_MEMORY = 0.93  # share of a GPU's memory for weights and keys: engines reserve the rest
BYTES_PER_REQUEST = 1e5  # of bookkeeping, so that no batch is unbounded
LARGEST_BATCH = 2048  # running requests that offline benchmarks allow at most, per replica


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """What the serving model needs to know of a replica and of its requests.

    Every field is an array, with its meaning and unit: those of its column in the table of runs.
    """

    gpus: Annotated[np.ndarray, "GPUs of the replica", COUNT]
    # of the network, as are the fields up to `attention_prompt_flop`; see `network.networks`
    active_parameters: Annotated[np.ndarray, "parameters used per token", COUNT]
    experts: Annotated[np.ndarray, "experts of a layer; 1 without", COUNT]
    experts_per_token: Annotated[np.ndarray, "of these, used per token; 0 without", COUNT]
    with_experts: Annotated[np.ndarray, "1 with experts", COUNT]
    layers: Annotated[np.ndarray, "layers", COUNT]
    attention_stages: Annotated[np.ndarray, "stages of attention beyond attending to keys", COUNT]
    key_value_heads: Annotated[np.ndarray, "key-value heads", COUNT]
    kv_full: Annotated[np.ndarray, "numbers that a step reads per token of context", COUNT]
    kv_window: Annotated[np.ndarray, "those of layers that read a window", COUNT]
    window_tokens: Annotated[np.ndarray, "the window", "tokens"]
    kv_stored: Annotated[np.ndarray, "numbers kept per token of context", COUNT]
    kv_stored_window: Annotated[np.ndarray, "those of layers that keep a window", COUNT]
    state: Annotated[np.ndarray, "numbers kept per request", COUNT]
    attention_full_flop: Annotated[np.ndarray, "work of an output token per token of context", "FLOP"]
    attention_window_flop: Annotated[np.ndarray, "that of layers with a window", "FLOP"]
    attention_prompt_flop: Annotated[np.ndarray, "work of a token of the prompt per token of context", "FLOP"]
    shared_bytes: Annotated[np.ndarray, "weights that every token reads", "B"]
    expert_bytes: Annotated[np.ndarray, "weights of one expert in all layers", "B"]
    kv_bytes: Annotated[np.ndarray, "bytes per number of keys and values", "B"]
    memory_b: Annotated[np.ndarray, "memory of a GPU", "B"]
    tdp_w: Annotated[np.ndarray, "thermal design power of a GPU", "W"]
    bandwidth_b_per_s: Annotated[np.ndarray, "memory bandwidth of a GPU", "B/s"]
    peak_flop_per_s: Annotated[np.ndarray, "peak of a GPU in the format it computes in", "FLOP/s"]
    peak_16_bit_flop_per_s: Annotated[np.ndarray, "peak with numbers of 16 bits", "FLOP/s"]
    attention_data_parallel: Annotated[np.ndarray, "1 where each GPU attends to its own requests", COUNT]
    speculative: Annotated[np.ndarray, "1 with speculative decoding", COUNT]
    tuned: Annotated[np.ndarray, "1 where the engine was tuned for one workload", COUNT]  # as for MLPerf
    old_engine: Annotated[np.ndarray, "1 for an engine of 2024 that schedules one step at a time", COUNT]
    software_years: Annotated[np.ndarray, "date of the software after 2026", "years"]
    # 1 on the day of its release, 1/e half a year later
    youth: Annotated[np.ndarray, "how new the model was to the software", SHARE]
    input_tokens: Annotated[np.ndarray, "mean prompt length", "tokens"]
    output_tokens: Annotated[np.ndarray, "mean answer length", "tokens"]
    context_tokens: Annotated[np.ndarray, "mean context that an output token attends to", "tokens"]
    cached_share: Annotated[np.ndarray, "share of the prompt that is cached", SHARE]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Replicas":
        """From a table with these columns, see `described`.

        Where it has no `context_tokens`, all requests have the mean lengths: the context is the prompt and half of the
        answer.
        """
        if "context_tokens" not in frame.columns:
            frame = frame.with_columns(context_tokens=pl.col("input_tokens") + pl.col("output_tokens") / 2)
        return cls(**{field.name: frame[field.name].cast(pl.Float64).to_numpy() for field in fields(cls)})

    def columns(self, places: np.ndarray) -> Self:
        """Some of the replicas, in their order, repeated where a place is."""
        replicas = len(self.memory_b)
        return Replicas(**{name: columns_of(values, places, replicas) for name, values in vars(self).items()})

    @property
    def weight_bytes(self) -> np.ndarray:
        """All weights of the model."""
        return self.shared_bytes + self.experts * self.with_experts * self.expert_bytes

    @property
    def kv_copies(self) -> np.ndarray:
        """How often keys are kept: more GPUs than heads hold copies, unless each has its own requests."""
        copies = np.maximum(1.0, self.gpus / self.key_value_heads)
        return np.where(self.attention_data_parallel > 0, 1.0, copies)

    def largest_batch(self) -> np.ndarray:
        """Requests whose keys fit into the memory beside the weights; below 1, the model does not fit."""
        free = USABLE_MEMORY * self.gpus * self.memory_b - self.weight_bytes
        # Also a layer with a window keeps its window.
        numbers = self.kv_stored * self.context_tokens
        numbers = numbers + self.kv_stored_window * np.minimum(self.context_tokens, self.window_tokens)
        kept = numbers * self.kv_bytes * self.kv_copies
        return free / (kept + 2 * self.state + BYTES_PER_REQUEST)

    def holds(self, gpus: float) -> np.ndarray:
        """Whether replicas of so many GPUs each hold their model and a request."""
        return replace(self, gpus=np.full(len(self.memory_b), float(gpus))).largest_batch() >= 1


def columns_of(values: np.ndarray | float, places: np.ndarray, columns: int) -> np.ndarray | float:
    """Some columns of an array that has so many; any other is the same in all columns."""
    return values[..., places] if np.shape(values)[-1:] == (columns,) else values


@dataclass(frozen=True, kw_only=True, eq=False)
class Registries:
    """Models and GPUs of the registries."""

    models: pl.DataFrame
    hardware: pl.DataFrame

    def described(self, runs: pl.DataFrame) -> pl.DataFrame:
        """Runs with everything about their model and GPU that `Replicas` holds, `network` and `released_on`, in order.

        Runs have `model`, `gpu` and `precision`. Those of GPUs that state too little are left out.
        """
        computes = pl.col("precision").replace_strict(COMPUTES_IN)
        stated = pl.col("precision").replace_strict(WEIGHT_BYTES)
        released = pl.col("native_precision").fill_null("BF16").replace_strict(WEIGHT_BYTES)
        narrow = computes.is_in(["FP4", "FP8"])
        # Experts keep the format of their release where that is narrower; what is beside them is not narrower than FP8.
        beside = pl.when(pl.col("native_precision") == "MXFP4").then(2.0).when(narrow).then(1.0).otherwise(2.0)
        experts = pl.col("with_experts") == 1
        return (
            runs.join(self._of_models, on="model", maintain_order="left")
            .join(self._of_gpus, on="gpu", maintain_order="left")
            .with_columns(
                computes_in=computes,
                # A format without units of its own is unpacked to 16 bits.
                peak_flop_per_s=pl.when(computes == "FP4")
                .then(pl.coalesce("peak_4", "peak_16"))
                .when(computes == "FP8")
                .then(pl.coalesce("peak_8", "peak_16"))
                .otherwise("peak_16"),
                peak_16_bit_flop_per_s=pl.col("peak_16"),
                shared_bytes=pl.col("shared_parameters") * pl.when(experts).then(beside).otherwise(stated),
                expert_bytes=pl.col("expert_parameters") * pl.min_horizontal(stated, released),
                # ASSUME: keys and values have the width of the weights, at least 8 bits.
                kv_bytes=pl.when(narrow).then(1.0).otherwise(2.0),
            )
        )

    @cached_property
    def _of_models(self) -> pl.DataFrame:
        known = self.models.select("model", "native_precision", "released_on", network())
        return networks(self.models).join(known, on="model")

    @cached_property
    def _of_gpus(self) -> pl.DataFrame:
        return self.hardware.select(
            "gpu",
            "vendor",
            "generation",
            "tdp_w",
            memory_b=pl.col("memory_gb") * B_PER_GB,
            bandwidth_b_per_s=pl.col("memory_bandwidth_gb_per_s") * B_PER_GB,
            peak_16=pl.coalesce("peak_fp16_tflop_per_s", pl.col("peak_fp4_tflop_per_s") / 4) * FLOP_PER_TFLOP,
            peak_8=pl.col("peak_fp8_tflop_per_s") * FLOP_PER_TFLOP,
            peak_4=pl.col("peak_fp4_tflop_per_s") * FLOP_PER_TFLOP,
        ).drop_nulls(["memory_b", "bandwidth_b_per_s", "peak_16"])
