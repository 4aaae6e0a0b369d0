"""Ranges that a quantity can have, and the unit that a value outside of its range was probably meant in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inference_energy.common.errors import InputError


@dataclass(frozen=True)
class Range:
    """What a quantity can be."""

    least: float
    most: float
    unit: str  # empty for a factor
    slips: Mapping[str, float]  # other units that it is given in by mistake, with the factor to its own
    or_zero: bool = False  # whether it may be 0, too


PERCENT = {"percent": 0.01}
# ASSUME: no datacenter has a PUE above 3, no grid or supplier a factor above 2 kg/kWh, which is twice that of lignite;
# a factor below 1.5 g/kWh is one in kg, as no plant emits so little over its life cycle.
PUE = Range(1, 3, "", PERCENT)
CARBON = Range(1.5, 2_000, " gCO2e/kWh", {"kg/kWh": 1_000, "mg/kWh or g/MWh": 0.001}, or_zero=True)
# ASSUME: the ranges below are ten times as wide as what is known of services and servers.
OF_STUDY = {
    "pue": PUE,
    "day.headroom": Range(1, 20, "", PERCENT),
    "serving.speed_tok_per_s": Range(0.5, 20_000, " tokens/s", {}),
    "serving.time_per_token_ms": Range(0.05, 2_000, " ms", {"seconds": 1_000, "microseconds": 0.001}),
    "power.node_kw.default": Range(0.1, 200, " kW", {"W": 0.001}),
    "fleet.onsite_water_l_per_kwh": Range(0, 30, " L/kWh", {"mL/kWh": 0.001}),
    "sweeps.pue": PUE,
    "sweeps.headroom": Range(1, 20, "", PERCENT),
    "sweeps.speed_tok_per_s": Range(0.5, 20_000, " tokens/s", {}),
}


def check_range(value: float, of: Range, key: str) -> None:
    """Compare a value with what its quantity can be.

    Raises:
        InputError: a value out of range, with the value that was probably meant; `key` names it.
    """
    if of.least <= value <= of.most or (of.or_zero and value == 0):
        return
    meant = [
        f"{value * factor:g} if it is in {unit}"
        for unit, factor in of.slips.items()
        if of.least <= value * factor <= of.most
    ]
    zero = "0, or " if of.or_zero else ""
    hint = f" ({', or '.join(meant)})" if meant else ""
    raise InputError(f"{key}: found {value:g}; allowed: {zero}{of.least:g} to {of.most:,g}{of.unit}{hint}")


def check_study(study: Mapping, place: object) -> None:
    """Compare the quantities of a study with what they can be.

    Raises:
        InputError: as `check_range`.
    """
    for key, of in OF_STUDY.items():
        for name, value in _numbers(_entry(study, key.split("."))):
            check_range(value, of, f"{place}: {key}{name}")


def _entry(node: Any, keys: list[str]) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _numbers(entry: Any) -> Iterator[tuple[str, float]]:
    """A number, those of a list, or the ends of a distribution."""
    if isinstance(entry, Mapping):
        yield from ((f".{end}", entry[end]) for end in ("p05", "p95") if isinstance(entry.get(end), int | float))
    elif isinstance(entry, list):
        yield from ((f"[{place}]", value) for place, value in enumerate(entry))
    elif isinstance(entry, int | float):
        yield "", entry
