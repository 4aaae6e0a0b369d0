"""Numbers as text for readers."""

import math


def two_digits(value: float) -> str:
    """A number with two significant digits, with an exponent only where it would have many zeros."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.1e}")
    places = max(0, 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{places}f}" if 1e-4 <= abs(rounded) < 1e9 else f"{rounded:.1e}"


def between(low: float, high: float) -> str:
    """A range with two significant digits: 0.0096–1.2."""
    return f"{two_digits(low)}–{two_digits(high)}"
