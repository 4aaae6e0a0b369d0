"""Runs with and without measured energy: what adapters of results that carry both have in common."""

from collections import Counter
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.values import make_unique, number, rounded

# How often a unit holds W, J or ms.
POWER_UNITS = {"mW": 1e-3, "W": 1.0, "kW": 1e3}
ENERGY_UNITS = {"mJ": 1e-3, "J": 1.0, "kJ": 1e3, "MJ": 1e6, "Wh": 3600.0, "kWh": 3.6e6}
TIME_UNITS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3}


def runs_reading(runs: list[tuple[dict, dict | str | None]], path: Path, left_out: Counter[str]) -> Reading:
    """A throughput row per run, and an energy row of the same name where energy was measured.

    Args:
        runs: throughput, with its `line` and `row_id`, and measured energy of each run: null if it has none, or the
            reason why it does not count.
        path: the file.
        left_out: records and measurements that give no row, by reason.

    Raises:
        InputError: a value that cannot be stored as text.
    """
    throughput = [run for run, _ in runs]
    make_unique(throughput)
    energy = [
        {"line": run["line"], "row_id": run["row_id"]} | measured
        for run, measured in runs
        if measured and not isinstance(measured, str)
    ]
    reasons = Counter(measured for _, measured in runs if isinstance(measured, str))
    tables = {"throughput": rows(throughput, str(path))}
    if energy:
        tables["measured_energy"] = rows(energy, str(path))
    return Reading(tables, dict(left_out + reasons))


def in_unit(metric: object, statistic: str, units: dict[str, float], place: str) -> float | None:
    """A positive statistic of a metric that states its unit, converted; null where there is none.

    Args:
        metric: an object with `unit` and statistics, or nothing.
        statistic: its key.
        units: factor of every unit that is allowed.
        place: file and metric, for the message.

    Raises:
        InputError: a value in another unit, or without one.
    """
    value = number(metric.get(statistic)) if isinstance(metric, dict) else None
    if value is None or value <= 0:
        return None
    unit = metric.get("unit")
    if not isinstance(unit, str) or unit not in units:
        raise InputError(f"{place}: unit: found {unit!r}; allowed: {one_of(units)}")
    return rounded(value * units[unit])
