"""What a question may ask: every number within its physical range, or one line that says what is allowed."""

from numbers import Real
from typing import Any

from inference_energy.common.errors import InputError


def number(name: str, value: Any, least: float, most: float, unit: str) -> float:
    """A number within its range.

    Raises:
        InputError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) <= most:
        raise InputError(f"{name}: found {value!r}; allowed: {least:,.10g} to {most:,.10g} {unit}")
    return float(value)
