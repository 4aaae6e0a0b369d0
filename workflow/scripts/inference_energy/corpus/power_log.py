"""Measured energy of a benchmark from a log of the power of its GPUs, which the origin names beside the result."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats import power_csv
from inference_energy.corpus.formats.measured_runs import OF_ALL_BOARDS
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.values import as_number
from inference_energy.corpus.origins import ORIGIN

TOOLS = {"nvidia_smi_csv": power_csv.NVIDIA_SMI, "amd_smi_csv": power_csv.AMD_SMI}
LONGEST_GAP_S = 5.0  # between two samples of a GPU


def must_be_named(folder: Path, files: dict[str, dict]) -> None:
    """Refuse a log that no result names, as its energy would be left out without a word, and a name of no log.

    Raises:
        InputError: the first such file of a source.
    """
    logs = {name for name, facts in files.items() if facts["format"] in TOOLS}
    named = {facts["power_log"]: name for name, facts in sorted(files.items()) if "power_log" in facts}
    for log in sorted(named.keys() - logs):
        raise InputError(
            f"{folder / ORIGIN}: files.{named[log]}.power_log: found {log!r}; allowed: {one_of(list(logs))}"
        )
    for log in sorted(logs - named.keys()):
        raise InputError(
            f"{folder / ORIGIN}: files.{log}: found a power log that no result names;"
            f" allowed: power_log: {log} under the file of the result that it was logged with"
        )


def with_energy(reading: Reading, path: Path, files: dict[str, dict]) -> Reading:
    """The reading of a result with the energy of its run, from the power log that its entry in the origin names.

    The mean power of all logged GPUs over the window of the run, over its output throughput, is its energy per output
    token. `files` are the entries of the origin, checked by `must_be_named`.

    Raises:
        InputError: a file with several runs, with energy of its own or without output throughput; no window; another
            number of GPUs than the run has; a fault of `mean_power_w`.
    """
    entry, place = files[path.name], f"{path.parent / ORIGIN}: files.{path.name}"
    name = entry["power_log"]
    log = path.parent / name
    run = _only_run(reading, path)
    start, end = _window(entry, reading, run["row_id"], place)
    samples = power_csv.samples(log, TOOLS[files[name]["format"]])
    facts = entry.get("facts", {})
    gpus = as_number(facts.get("gpus") or run.get("gpus"))
    logged = samples["gpu"].n_unique()
    if gpus != logged:
        found = "no number of GPUs" if gpus is None else f"a run on {gpus:g} GPUs"
        raise InputError(
            f"{place}: found {found} and {logged} in {name}; allowed: a log of the GPUs of the run, and of no others"
        )
    power = mean_power_w(samples, start, end, str(log))
    speed = as_number(run["throughput_tok_per_s"])
    if run.get("throughput_counts") != "output" or not speed or speed <= 0:
        raise InputError(f"{path}: found no output throughput; allowed: a result with output tokens per second")
    instance = speed * (gpus if run.get("throughput_scope") == "gpu" else 1)
    energy = OF_ALL_BOARDS | {
        "line": samples.filter(pl.col("time") >= start)["line"][0],
        "row_id": run["row_id"],
        "energy_j_per_output_token": power / instance,
        "power_w": power,
        "duration_s": (end - start).total_seconds(),
    }
    tables = reading.tables | {"measured_energy": rows([energy], str(log))}
    return Reading(tables, reading.left_out, reading.windows)


def mean_power_w(samples: pl.DataFrame, start: datetime, end: datetime, place: str) -> float:
    """Mean power of all GPUs together over a window, W.

    The power of each GPU is taken to be linear in time between its samples. The samples have `time`, `gpu` and
    `power_w`, null where it is unknown; the window has a zone if their times have one.

    Raises:
        InputError: a window that is empty, has a zone where the log has none (or the reverse), or is not in the log;
            a gap in the samples of a GPU of more than `LONGEST_GAP_S`, or an unknown power, inside the window.
    """
    zoned = samples.schema["time"].time_zone is not None
    if zoned != (start.tzinfo is not None):
        found, wanted = ("with", "with an offset from UTC") if zoned else ("without", "without an offset")
        raise InputError(
            f"{place}: found times {found} a zone, unlike those of the run;"
            f" allowed: window: {{start: ..., end: ...}} in {ORIGIN}, {wanted}"
        )
    if end <= start:
        raise InputError(f"{place}: found a window from {start} to {end}; allowed: an end after the start")
    total = 0.0
    for (gpu,), of_gpu in samples.sort("gpu", "time").group_by("gpu", maintain_order=True):
        mean = of_gpu.group_by("time", maintain_order=True).agg(
            pl.col("power_w").mean(), pl.col("power_w").is_null().any().alias("unknown")
        )
        seconds = (mean["time"] - start).dt.total_microseconds().to_numpy() / 1e6
        length = (end - start).total_seconds()
        if seconds[0] > 0 or seconds[-1] < length:
            first, last = of_gpu["time"][0], of_gpu["time"][-1]
            raise InputError(
                f"{place}: GPU {gpu}: found samples from {first} to {last}; allowed: from {start} to {end} or longer"
            )
        # The samples inside the window, and the ones just before and after it.
        inside = slice(np.searchsorted(seconds, 0.0, "right") - 1, np.searchsorted(seconds, length, "left") + 1)
        seconds, power = seconds[inside], mean["power_w"].to_numpy()[inside]
        if mean["unknown"].to_numpy()[inside].any():
            raise InputError(
                f"{place}: GPU {gpu}: found a sample without power inside the run; allowed: power in every sample"
            )
        if (gap := float(np.diff(seconds).max(initial=0.0))) > LONGEST_GAP_S:
            raise InputError(
                f"{place}: GPU {gpu}: found a gap of {gap:.1f} s inside the run; allowed: at most {LONGEST_GAP_S:g} s"
            )
        edges = np.interp([0.0, length], seconds, power)
        middle = (seconds > 0) & (seconds < length)
        times = np.concatenate([[0.0], seconds[middle], [length]])
        watts = np.concatenate([edges[:1], power[middle], edges[1:]])
        total += float(((watts[1:] + watts[:-1]) / 2 * np.diff(times)).sum()) / length
    return total


def _only_run(reading: Reading, path: Path) -> dict:
    table = reading.tables.get("throughput")
    found = 0 if table is None else len(table)
    if found != 1:
        raise InputError(f"{path}: found {found} runs beside a power log; allowed: one, as a log is of one run")
    if "measured_energy" in reading.tables:
        raise InputError(f"{path}: found measured energy in the result itself; allowed: no power_log beside it")
    return table.row(0, named=True)


def _window(entry: dict, reading: Reading, row_id: str, place: str) -> tuple[datetime, datetime]:
    if "window" in entry:
        return tuple(_time(entry["window"][key], f"{place}.window.{key}") for key in ("start", "end"))
    if row_id not in reading.windows:
        raise InputError(
            f"{place}: found no time of the run in the result; allowed: window: {{start: ..., end: ...}} with power_log"
        )
    return reading.windows[row_id]


def _time(text: str, place: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time
    except (ValueError, OverflowError):
        raise InputError(f"{place}: found {text!r}; allowed: for example 2026-01-31T10:15:00") from None
