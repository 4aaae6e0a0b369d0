"""What adapters do with the values of a file: numbers, names of number formats, row ids."""

import math
import re

PRECISION_NAMES = {
    "bfloat16": "BF16",
    "bf16": "BF16",
    "float16": "FP16",
    "fp16": "FP16",
    "half": "FP16",
    "fp8": "FP8",
    "w8a8_fp8": "FP8",
    "modelopt_fp8": "FP8",
    "mxfp4": "MXFP4",
    "fp4": "FP4",
    "nvfp4": "FP4",
    "modelopt_fp4": "FP4",
    "int8": "INT8",
    "w8a8_int8": "INT8",
    "int4": "INT4",
    "uint4": "INT4",
}


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
    total, count = number(total), number(count)
    if total is None or count is None or total <= 0 or count <= 0:
        return None
    return number(total / count)


def precision_name(value: object) -> object:
    """Name of a number format in the corpus; an unknown one is passed on."""
    if not isinstance(value, str):
        return value
    name = value.strip().lower()
    return None if name == "auto" else PRECISION_NAMES.get(name, value)  # auto: as in the checkpoint, not stated


def id_part(prefix: str, value: object) -> str | None:
    """A piece of a row id, without white space; null if the value is not plain text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return None
    return prefix + re.sub(r"\s+", "_", str(value).strip())


def lengths_in_id(*lengths: float | None) -> list[str | None]:
    """Pieces of a row id for the mean lengths of prompts and answers in tokens."""
    return [
        None if length is None else f"{side}-{length:g}" for side, length in zip(("in", "out"), lengths, strict=True)
    ]


def joined_id(parts: list[str | None]) -> str:
    """A row id of the pieces that there are."""
    return "/".join(part for part in parts if part) or "run"


def make_unique(records: list[dict]) -> None:
    """Number the second and later records of the same `row_id`, so that appended ones change no earlier id."""
    taken: set[str] = set()
    for record in records:
        name, count = record["row_id"], 1
        while record["row_id"] in taken:
            count += 1
            record["row_id"] = f"{name}/run-{count}"
        taken.add(record["row_id"])


def positive(value: object) -> float | None:
    """A finite JSON number above zero; null for anything else, as zero stands for a measurement that was not taken."""
    found = number(value)
    return found if found is not None and found > 0 else None


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
