"""Models and GPUs of one's own, as rows of the registries."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from inference_energy.answers.limits import Limit, number
from inference_energy.common.errors import InputError, one_of
from inference_energy.serving.replicas import WEIGHT_BYTES

# Sizes from which the classes of the registry start, in billions of parameters in total.
CLASSES = {"small": 0.0, "medium": 20.0, "large": 60.0, "frontier": 200.0}
PARAMETERS_B = Limit(0.01, 100_000, "billions of parameters")
AT_MOST_TOTAL = "billions of parameters, at most total_b"
TFLOP_PER_S = Limit(1, 1_000_000, "TFLOP/s")
LIMITS = {
    "tdp_w": Limit(1, 10_000, "W"),
    "memory_gb": Limit(1, 10_000, "GB"),
    "bandwidth_gb_per_s": Limit(10, 1_000_000, "GB/s"),
    "gpus_per_node": Limit(1, 1_000, "GPUs"),
    **dict.fromkeys((f"peak_{kind}_tflop_per_s" for kind in ("fp16", "fp8", "fp4")), TFLOP_PER_S),
}
OPTIONAL = ("peak_fp8_tflop_per_s", "peak_fp4_tflop_per_s")


@dataclass(frozen=True)
class Model:
    """A model that is not in the registry.

    Its layers, width and attention are those of a typical model of its size, see `serving.network`.

    Raises:
        InputError: a size or number format that no model has.
    """

    total_b: float  # all parameters, billions
    active_b: float | None = None  # parameters used per token, billions; none: all, a dense model
    precision: str | None = None  # number format of the weights as released; none: BF16
    name: str = "own model"  # how answers call it
    context_length_tokens: int | None = None  # longest context; none: no limit

    def __post_init__(self) -> None:
        of = PARAMETERS_B
        number("Model: total_b", self.total_b, of.least, of.most, of.unit)
        if self.active_b is not None:
            number("Model: active_b", self.active_b, of.least, self.total_b, AT_MOST_TOTAL)
        _precision("Model: precision", self.precision)

    @property
    def model_class(self) -> str:
        """Class of its size."""
        return [name for name, least in CLASSES.items() if self.total_b > least][-1]

    def row(self, registry: pl.DataFrame) -> pl.DataFrame:
        """Its row in the registry of models."""
        return _row(
            registry,
            model=self.name,
            total_parameters_billions=float(self.total_b),
            active_parameters_billions=float(self.active_b or self.total_b),
            model_class=self.model_class,
            native_precision=self.precision,
            context_length_tokens=self.context_length_tokens,
            # ASSUME: engines know it as long as they know the model of median age.
            released_on=sorted(registry["released_on"])[len(registry) // 2],
        )


@dataclass(frozen=True)
class Gpu:
    """A GPU that is not in the registry; its node is like those that were measured.

    Raises:
        InputError: a number that no GPU has.
    """

    tdp_w: float  # thermal design power, W
    memory_gb: float  # memory, GB
    bandwidth_gb_per_s: float  # memory bandwidth, GB/s
    peak_fp16_tflop_per_s: float  # dense peak with numbers of 16 bits, TFLOP/s
    peak_fp8_tflop_per_s: float | None = None  # dense peak with 8 bits; none: it has no such units
    peak_fp4_tflop_per_s: float | None = None  # dense peak with 4 bits; none: it has no such units
    gpus_per_node: int = 8  # GPUs of a node
    name: str = "own GPU"  # how answers call it

    def __post_init__(self) -> None:
        for name, of in LIMITS.items():
            value = getattr(self, name)
            if value is not None or name not in OPTIONAL:
                number(f"Gpu: {name}", value, of.least, of.most, of.unit)

    def row(self, registry: pl.DataFrame) -> pl.DataFrame:
        """Its row in the registry of hardware."""
        return _row(
            registry,
            gpu=self.name,
            vendor="own",
            generation="own",
            memory_gb=float(self.memory_gb),
            tdp_w=float(self.tdp_w),
            memory_bandwidth_gb_per_s=float(self.bandwidth_gb_per_s),
            peak_fp16_tflop_per_s=float(self.peak_fp16_tflop_per_s),
            peak_fp8_tflop_per_s=self.peak_fp8_tflop_per_s,
            peak_fp4_tflop_per_s=self.peak_fp4_tflop_per_s,
            gpus_per_node=self.gpus_per_node,
        )


def _precision(place: str, given: str | None) -> None:
    if given is not None and given not in WEIGHT_BYTES:
        raise InputError(f"{place}: found {given!r}; allowed: {one_of(WEIGHT_BYTES)}")


def _row(registry: pl.DataFrame, **cells: Any) -> pl.DataFrame:
    """A row of a registry with some cells; the others are empty."""
    return pl.DataFrame([{name: cells.get(name) for name in registry.columns}], schema=registry.schema)
