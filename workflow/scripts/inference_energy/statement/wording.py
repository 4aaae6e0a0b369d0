"""Quantities of a statement for readers: their digits, and a unit that fits their size.

Totals have two significant digits. Factors, and rows that are copied into another ledger, where they are added up, have
three.
"""

# Units by their size in the unit of the tables, from the largest.
SCALES = {
    "kWh": ((1e6, "GWh"), (1e3, "MWh"), (1.0, "kWh"), (1e-3, "Wh")),
    "kg CO2e": ((1e3, "t CO2e"), (1.0, "kg CO2e"), (1e-3, "g CO2e")),
    "m3": ((1.0, "m3"), (1e-3, "litres")),
    "MW": ((1e3, "GW"), (1.0, "MW"), (1e-3, "kW"), (1e-6, "W")),
}


TOTAL, LEDGER = 2, 3  # significant digits
STATISTIC = "expected value (P5–P95)"


def scale(largest: float, unit: str) -> tuple[float, str]:
    """Size and name of the unit for numbers up to `largest`."""
    for size, name in SCALES.get(unit, ()):
        if largest >= size:
            return size, name
    return SCALES[unit][-1] if unit in SCALES else (1.0, unit)


def number(value: float, digits: int = LEDGER) -> str:
    """Significant digits, three by default: 0.0213, 4.30, 1,300, 12,300,000; the smallest with an exponent."""
    rounded = float(f"{value:.{digits}g}")
    if abs(rounded) >= 10 ** (digits - 1) or rounded == 0:
        return f"{rounded:,.0f}"
    return f"{rounded:#.{digits}g}" if abs(rounded) >= 1e-4 else f"{rounded:.{digits - 1}e}"


def count(value: float) -> str:
    """Requests or tokens, every digit."""
    return f"{value:,.0f}"


def quantity(row: dict, name: str, unit: str, digits: int = TOTAL) -> str:
    """Expected value with its P5–P95: `6.0 kWh (2.3–21)`; a dash if it is not known."""
    if row[f"{name}_mean"] is None:
        return "-"
    return interval({q: row[f"{name}_{q}"] for q in ("p05", "mean", "p95")}, unit, digits)


def interval(of: dict[str, float], unit: str, digits: int = TOTAL) -> str:
    """The same of P5, mean and P95 by these names."""
    size, name = scale(of["mean"], unit)
    low, expected, high = (number(of[q] / size, digits) for q in ("p05", "mean", "p95"))
    return f"{expected} {name} ({low}–{high})" if low != high else f"{expected} {name}"


def share(value: float) -> str:
    """A share of 1 as a percentage; only 0 is shown as 0 %, and only 1 as 100 %."""
    if 0 < value < 0.001:
        return "< 0.1 %"
    if 0.999 < value < 1 - 1e-9:
        return "> 99.9 %"
    return f"{value:.0%}".replace("%", " %") if value < 1e-9 or value > 0.999 else f"{value * 100:.1f} %"


def signed(value: float) -> str:
    """A change with its sign, three digits: +0.0500, -36.1; 0 without a sign."""
    return f"{'-' if value < 0 else '+'}{number(abs(value))}" if value else "0"


def percent(change: float, of: float) -> str:
    """A change as a percentage of an amount: `+17.7 %`; a dash where the amount is 0."""
    if not of:
        return "-"
    value = change / of * 100
    if abs(value) >= 0.05:
        return f"{value:+.1f} %"
    return "< 0.1 %" if value else "0 %"
