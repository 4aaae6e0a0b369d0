"""Draws in few bytes: their logarithms as 16-bit integers, which the page decodes with the same few lines."""

from collections.abc import Mapping
from typing import Any

import numpy as np

STEPS = 1000  # per factor of e: decoded values are within 0.05 % of what was coded
ZERO = -(2**15)  # of 0 and all below exp(-32)


def coded(numbers: Any) -> tuple[Any, bytes]:
    """Nested mappings and lists with their arrays taken out, for JSON; and all arrays as bytes.

    An array becomes `{"values": [first, last]}`, a range of the values; equal arrays are the same range. The bytes hold
    the low bytes of all values, then the high bytes, which compress better than pairs do.

    Args:
        numbers: arrays in it are of one dimension and never negative.

    Raises:
        ValueError: a value that is negative or not a number, or above exp(32).
    """
    ranges: dict[bytes, list[int]] = {}

    def without_arrays(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            raw = _logs(value).tobytes()
            if raw not in ranges:
                start = next(reversed(ranges.values()))[1] if ranges else 0
                ranges[raw] = [start, start + len(value)]
            return {"values": ranges[raw]}
        if isinstance(value, Mapping):
            return {name: without_arrays(of) for name, of in value.items()}
        return [without_arrays(of) for of in value] if isinstance(value, list | tuple) else value

    plain = without_arrays(numbers)
    pairs = np.frombuffer(b"".join(ranges), np.uint8).reshape(-1, 2)
    return plain, pairs.T.tobytes()


def _logs(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values) * STEPS
    if not (logs < -ZERO - 1).all():
        raise ValueError(f"numbers of the page: found {values[~(logs < -ZERO - 1)][0]}; allowed: 0 to exp(32)")
    return np.maximum(np.round(logs), ZERO).astype("<i2")
