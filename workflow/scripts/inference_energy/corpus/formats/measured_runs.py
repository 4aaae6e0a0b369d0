"""Runs with and without measured energy: what adapters of results that carry both have in common."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.row_ids import make_unique
from inference_energy.corpus.formats.values import number, rounded

# How often a unit holds W, J or ms.
POWER_UNITS = {"mW": 1e-3, "W": 1.0, "kW": 1e3}
ENERGY_UNITS = {"mJ": 1e-3, "J": 1.0, "kJ": 1e3, "MJ": 1e6, "Wh": 3600.0, "kWh": 3.6e6}
TIME_UNITS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3}
# Facts of a run that answers whole queries, its throughput being output tokens of all GPUs per second.
FACTS = {
    "phase": "prefill_and_decode",
    "throughput_counts": "output",
    "throughput_scope": "instance",
    "evidence": "measured",
}
# Facts of energy that was metered on the boards of all GPUs from the first request to the last.
OF_ALL_BOARDS = {
    "boundary": "gpu_boards",
    "metered": "all_gpus",
    "includes_prefill": "yes",
    "measured_over": "whole_run",
    "validity": "not_stated",
}
# Throughput, with its `row_id`, and measured energy of a run: null if it has none, or the reason why it does not count.
# Of a record that is out of scope, the reason why.
Run = tuple[dict, dict | str | None] | str


def runs_reading(
    records: Iterable[tuple[int, dict]],
    path: Path,
    to_run: Callable[[dict], Run],
    window: Callable[[dict], tuple[datetime, datetime] | None] = lambda record: None,
) -> Reading:
    """A throughput row per run, and an energy row of the same name where energy was measured.

    `to_run` says what a record of the file is, `window` when its run began and ended.

    Raises:
        InputError: a value that cannot be stored as text.
    """
    runs, left_out = [], Counter()
    for line, record in records:
        found = to_run(record)
        if isinstance(found, str):
            left_out[found] += 1
            continue
        throughput, energy = found
        if isinstance(energy, str):
            left_out[energy] += 1
            energy = None
        runs.append(({"line": line} | throughput, energy, window(record)))
    make_unique([throughput for throughput, _, _ in runs])
    tables = {"throughput": rows([throughput for throughput, _, _ in runs], str(path))}
    energies = [{key: run[key] for key in ("line", "row_id")} | energy for run, energy, _ in runs if energy]
    if energies:
        tables["measured_energy"] = rows(energies, str(path))
    return Reading(tables, dict(left_out), {run["row_id"]: window for run, _, window in runs if window})


def in_unit(metric: object, statistic: str, units: dict[str, float], place: str) -> float | None:
    """A positive statistic of a metric that states its unit, converted; null where there is none.

    `units` are the units that are allowed, each with its factor; `place` is file and metric, for the message.

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
