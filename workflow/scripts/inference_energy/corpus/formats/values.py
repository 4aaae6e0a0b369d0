"""What adapters do with the values of a file: numbers, names of number formats, text."""

import math
import re

# Names of number formats, in small letters and with _ for -.
PRECISION_NAMES = {
    **dict.fromkeys(["bfloat16", "bf16"], "BF16"),
    **dict.fromkeys(["float16", "fp16", "f16", "half"], "FP16"),
    **dict.fromkeys(["fp8", "fp8_e4m3", "fp8_e4m3fn", "fp8_e5m2", "fp8_w8a8", "w8a8_fp8", "w8a16_fp8"], "FP8"),
    **dict.fromkeys(["float8", "float8_e4m3fn", "modelopt_fp8", "fbgemm_fp8", "ptpc_fp8", "fp8_block_scales"], "FP8"),
    **dict.fromkeys(["fp8_per_channel_per_token", "fp8_block_scales_channel", "fp8_pb_wo"], "FP8"),
    **dict.fromkeys(["mxfp4", "w4a16_mxfp4", "w4a8_mxfp4_fp8", "w4a8_mxfp4_mxfp8"], "MXFP4"),
    **dict.fromkeys(["fp4", "nvfp4", "modelopt_fp4", "w4a4_nvfp4", "w4a8_nvfp4_fp8"], "FP4"),
    # The scheme W8A8 of compressed-tensors is of whole numbers; its scheme of 8-bit floats is called FP8.
    **dict.fromkeys(["int8", "w8a8", "w8a8_int8", "w8a16", "q8_0", "experts_int8"], "INT8"),
    **dict.fromkeys(["w8a8_sq_per_channel", "w8a8_sq_per_tensor_plugin"], "INT8"),
    **dict.fromkeys(["w8a8_sq_per_channel_per_token_plugin", "w8a8_sq_per_channel_per_tensor_plugin"], "INT8"),
    **dict.fromkeys(["w8a8_sq_per_tensor_per_token_plugin", "w8a16_gptq"], "INT8"),
    # AWQ is of 4 bits wherever engines serve it.
    **dict.fromkeys(["int4", "uint4", "awq", "awq_marlin", "awq_int4", "w4a16", "w4a16_awq", "w4a16_gptq"], "INT4"),
    **dict.fromkeys(["w4a8", "w4a8_awq", "w4a8_qserve_per_group", "w4a8_qserve_per_channel", "w4afp8"], "INT4"),
    **dict.fromkeys(["q4", "q4_0", "q4_1", "q4_k", "q4_k_s", "q4_k_m", "q4_k_l", "q4_k_xl"], "INT4"),
}
# Names that leave the number format open: as in the checkpoint, or a method that knows several formats.
NOT_A_PRECISION = {
    *("auto", "none", "compressed_tensors", "modelopt", "modelopt_mixed", "mixed_precision", "no_quant"),
    *("gptq", "gptq_marlin", "marlin", "quark", "torchao", "bitsandbytes", "gguf", "inc", "auto_round", "unquant"),
}
SPECULATION = {"eagle": "eagle", "mtp": "mtp", "nextn": "mtp"}  # how the names of methods begin


def number(value: object) -> float | None:
    """A finite JSON number; null for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def ratio(total: object, count: object) -> float | None:
    """Quotient of two positive numbers; null where it is not defined."""
    total, count = positive(total), positive(count)
    return None if total is None or count is None else number(total / count)


def as_number(value: object) -> float | None:
    """A finite number that a file holds as such or as text; null for anything else."""
    if isinstance(value, str):
        try:
            return number(float(value))
        except ValueError:
            return None
    return number(value)


def as_whole(value: object) -> object:
    """A whole number as such, where a file holds it as text or with a decimal point; anything else is passed on."""
    count = as_number(value)
    return int(count) if count is not None and count.is_integer() else value


def one_line(value: object) -> str:
    """Text in one line; empty for anything that is not text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())


def short(value: object) -> str:
    """Text fit for a reason: printable and not long."""
    return ascii(one_line(value))[1:-1][:40]


def positive(value: object) -> float | None:
    """A finite number above 0; null for anything else, such as the 0 that tools write for what they did not measure."""
    value = number(value)
    return value if value is not None and value > 0 else None


def precision_name(value: object) -> object:
    """Name of a number format in the corpus; null for a method that knows several; an unknown name is passed on."""
    if not isinstance(value, str):
        return value
    name = value.strip().lower().replace("-", "_").removeprefix("torch.")
    return None if name in NOT_A_PRECISION else PRECISION_NAMES.get(name, value)


def speculation(method: object) -> str | None:
    """Kind of speculative decoding in the corpus; null if no method is stated."""
    if not isinstance(method, str) or not method.strip():
        return None
    return next((kind for start, kind in SPECULATION.items() if method.strip().lower().startswith(start)), "other")


def noted(*notes: str | None) -> str:
    """The notes that there are, as one text."""
    return "; ".join(note for note in notes if note)


def rounded(value: float | None) -> float | None:
    """A computed number without the digits that binary fractions add."""
    return None if value is None else number(float(f"{value:.10g}"))


def milliseconds(seconds: object) -> float | None:
    """Seconds as ms; null where there is no positive number."""
    found = positive(seconds)
    return None if found is None else rounded(found * 1000)


def iso_day(value: object) -> str | None:
    """The day of an ISO date or time; null for anything else."""
    found = re.match(r"\d{4}-\d{2}-\d{2}(?=$|[T ])", value) if isinstance(value, str) else None
    return found[0] if found else None
