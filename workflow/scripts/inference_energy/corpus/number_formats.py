"""Number formats on a GPU: bytes to read per parameter, and the fastest arithmetic that the GPU can use."""

import polars as pl

BYTES_PER_PARAMETER = {"FP4": 0.5, "MXFP4": 0.5, "INT4": 0.5, "FP8": 1.0, "INT8": 1.0, "BF16": 2.0, "FP16": 2.0}
# The formats a GPU may compute in with such weights; the fastest that it has sets the limit.
COMPUTE = {
    "FP4": ("fp4", "fp8", "fp16"),
    "MXFP4": ("fp4", "fp8", "fp16"),
    "INT4": ("fp4", "fp8", "int8", "fp16"),
    "FP8": ("fp8", "fp16"),
    "INT8": ("int8", "fp8", "fp16"),
    "BF16": ("fp16",),
    "FP16": ("fp16",),
}


def peak_tflop_per_s() -> pl.Expr:
    """Peak dense arithmetic of a row's GPU for weights of its precision, TFLOP/s, from the hardware registry."""
    return pl.coalesce(
        pl.when(pl.col("precision") == precision).then(
            pl.max_horizontal(f"peak_{name}_tflop_per_s" for name in formats)
        )
        for precision, formats in COMPUTE.items()
    )
