"""Logs of the power of GPU boards in CSV: of nvidia-smi, and of amd-smi or rocm-smi.

The formats are those of `nvidia-smi --query-gpu=timestamp,index,power.draw --format=csv` (columns in any order, further
ones ignored, units in the head, the cells or both), and of `amd-smi monitor --csv`, `amd-smi metric -p --csv` and
`rocm-smi --showpower --csv` with a column of times (SemiAnalysisAI/InferenceX, `utils/aggregate_power.py`).
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.json_files import read_text
from inference_energy.corpus.formats.reading import Reading


@dataclass(frozen=True)
class Tool:
    """Names of the columns that a tool writes, in small letters and without units; the first that is there is read."""

    name: str
    times: Sequence[str]
    gpus: Sequence[str]
    powers: Sequence[str]


NVIDIA_SMI = Tool(
    "nvidia-smi",
    ["timestamp"],
    ["index", "uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id"],
    ["power.draw", "power.draw.average", "power.draw.instant"],
)
AMD_SMI = Tool(
    "amd-smi or rocm-smi",
    ["timestamp", "time"],
    ["gpu", "gpu_id", "device", "card"],
    [
        *("socket_power", "current_socket_power", "average_socket_power", "power_usage", "power_w", "power"),
        *("current socket graphics package power", "average graphics package power"),
    ],
)
UNIT = re.compile(r"\s*[\[(]w(?:atts?)?[\])]$")
POWER = re.compile(r"(\d+(?:\.\d+)?)(?:\s*W)?", re.IGNORECASE)
NOTHING = re.compile(r"\[?(?:n/a|not supported|unknown error)?\]?|nan", re.IGNORECASE)
EPOCH = re.compile(r"\d{9,}(?:\.\d+)?")
MILLISECONDS_FROM = 1e11  # as seconds, this would be the year 5138


def read(path: Path, *, tool: Tool) -> Reading:
    """No rows: a log has none of its own. The entry of a result names it, and so gives the result its energy.

    Raises:
        InputError: as of `samples`.
    """
    samples(path, tool)
    return Reading({})


def samples(path: Path, tool: Tool) -> pl.DataFrame:
    """Power of every GPU over time, with `time`, `gpu`, `power_w` (W, null where the tool could not tell) and `line`.

    Times without a zone stay so; times with a zone and seconds since 1970 become UTC.

    Raises:
        InputError: not such a log, a row of another width, a value that is no time or no power, or no rows.
    """
    text = read_text(path)
    reader = csv.reader(text.splitlines(), skipinitialspace=True)
    try:
        head = [cell.strip() for cell in next(reader)]
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise InputError(f"{path} line {reader.line_num}: not CSV: {error}; allowed: a log of {tool.name}") from None
    names = [UNIT.sub("", cell.lower()) for cell in head]
    places = [_place(path, names, allowed, tool) for allowed in (tool.times, tool.gpus, tool.powers)]
    if rows and len(rows[-1][1]) < len(head) and not text.endswith("\n"):
        rows.pop()  # the tool was stopped while it wrote its last line
    found = []
    for line, row in rows:
        if row == head:
            continue  # a loop that starts the tool anew writes the head again
        if len(row) != len(head):
            raise InputError(f"{path} line {line}: found {len(row)} cells; allowed: {len(head)}, as in the head")
        time, gpu, power = (row[place] for place in places)
        found.append((_time(time, path, line), gpu, _power(power, path, line), line))
    if not found:
        raise InputError(f"{path}: found no samples; allowed: a log of {tool.name} with rows")
    if len({time.tzinfo for time, *_ in found}) > 1:
        raise InputError(f"{path}: found times with and without a zone; allowed: one kind")
    dtype = pl.Datetime("us", "UTC") if found[0][0].tzinfo else pl.Datetime("us")
    schema = {"time": dtype, "gpu": pl.String, "power_w": pl.Float64, "line": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")


def _place(path: Path, names: list[str], allowed: Sequence[str], tool: Tool) -> int:
    place = next((names.index(name) for name in allowed if name in names), None)
    if place is None:
        raise InputError(f"{path} line 1: found no column {one_of(list(allowed))}; allowed: a log of {tool.name}")
    return place


def _time(cell: str, path: Path, line: int) -> datetime:
    if EPOCH.fullmatch(cell):
        seconds = float(cell) / (1000 if float(cell) >= MILLISECONDS_FROM else 1)
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, ValueError, OSError):
            pass  # reported below
    else:
        for text in (cell, cell.replace("/", "-")):
            try:
                time = datetime.fromisoformat(text)
                return time.astimezone(UTC) if time.tzinfo else time
            except (ValueError, OverflowError):
                continue
    raise InputError(f"{path} line {line}: found time {cell!r}; allowed: for example 2026/01/31 10:15:00.250") from None


def _power(cell: str, path: Path, line: int) -> float | None:
    if NOTHING.fullmatch(cell):
        return None
    number = POWER.fullmatch(cell)
    if not number:
        raise InputError(f"{path} line {line}: found power {cell!r}; allowed: watts, for example 412.5 W, or N/A")
    return float(number[1])
