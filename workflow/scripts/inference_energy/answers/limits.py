"""What a question may ask: every number within its physical range, or one line that says what is allowed."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

from inference_energy.common.errors import InputError


@dataclass(frozen=True)
class Limit:
    """Range of a number that is asked."""

    least: float
    most: float
    unit: str  # with what else is allowed

    @property
    def allowed(self) -> str:
        """The range in words."""
        return f"{self.least:,.10g} to {self.most:,.10g} {self.unit}"


def number(name: str, value: Any, least: float, most: float, unit: str) -> float:
    """A number within its range.

    Raises:
        InputError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) <= most:
        raise InputError(f"{name}: found {value!r}; allowed: {Limit(least, most, unit).allowed}")
    return float(value)
