"""The CSV file that the dashboard of InferenceX exports.

Source of the format: SemiAnalysisAI/InferenceX-app, `packages/app/src/lib/csv-export-helpers.ts`, of which there are
three versions. Latencies are in seconds in all of them: the first two label seconds as ms, the third as s.
"""

import csv
import io
import re
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats import inferencex_rows
from inference_energy.corpus.formats.exact import MEASURED
from inference_energy.corpus.formats.json_files import read_text
from inference_energy.corpus.formats.measured_runs import runs_reading
from inference_energy.corpus.formats.reading import Reading

LENGTHS = {"Model": "model", "ISL": "isl", "OSL": "osl"}
START = {"Hardware": "hw", "Hardware Key": "hw_key", "Framework": "framework", "Precision": "precision", "TP": "tp"}
START |= {"Concurrency": "conc", "Date": "date"}
STATISTICS = ("Mean", "Median", "P99", "Std")
TIMES = {"TTFT": "ttft", "TPOT": "tpot", "Interactivity": "intvty", "ITL": "itl", "E2E Latency": "e2el"}
END = {"Spec Decoding": "spec_decoding", "EP": "ep", "DP Attention": "dp_attention", "Is Multinode": "is_multinode"}
LATER = {"Run URL": "run_url", "Physical Chips": "physical_gpus", "DP": "dp"}
# With the second of these, a chart that compares kinds of power repeats every row for each kind.
OPTIONAL = ("Configured Chip Count", "Power Series")
DISPLAYED = 2  # columns of the chart on display, which the third version inserts before the throughput
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def _columns(device: str, unit: str) -> dict[str, str]:
    """Key by column, from the throughput to the last column of the first version."""
    speeds = {"Throughput": "tput_per_gpu", "Output Throughput": "output_tput_per_gpu"}
    columns = {f"{name}/{device} (tok/s)": key for name, key in speeds.items()}
    columns[f"Input Throughput/{device} (tok/s)"] = "input_tput_per_gpu"
    for name, key in TIMES.items():
        in_unit = "tok/s/user" if key == "intvty" else unit
        columns |= {f"{statistic} {name} ({in_unit})": f"{statistic.lower()}_{key}" for statistic in STATISTICS}
    columns |= {"Disaggregated": "disagg", f"Num Prefill {device}s": "num_prefill_gpu"}
    return columns | {f"Num Decode {device}s": "num_decode_gpu"} | END


# Columns before and after those of the chart on display.
FIRST = (START, _columns("GPU", "ms"))
SECOND = (LENGTHS | START, _columns("GPU", "ms"))
THIRD = (LENGTHS | START, _columns("Chip", "s") | LATER)


def read(path: Path) -> Reading:
    """Throughput (output tokens/s) and latencies (ms, from seconds) of every row.

    Raises:
        InputError: not CSV with one of the three headers, a row of another length, or a column of measured power, whose
            meaning the export does not state.
    """
    return runs_reading(_records(path), path, inferencex_rows.run)


def _records(path: Path) -> list[tuple[int, dict]]:
    text = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    table, start = [], 1
    try:
        for cells in reader:
            # A licence in lines of comment comes first.
            if cells and (table or not cells[0].startswith("#")):
                table.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path} line {reader.line_num}: malformed CSV: {error}") from None
    if len(table) < 2:
        raise InputError(f"{path}: found no rows; allowed: an export of InferenceX's dashboard with at least one row")
    keys = _keys(table[0][1], f"{path} line {table[0][0]}")
    for line, cells in table[1:]:
        if len(cells) != len(keys):
            raise InputError(f"{path} line {line}: found {len(cells)} cells; allowed: {len(keys)}, as in the header")
    return [(line, _record(keys, cells)) for line, cells in table[1:]]


def _keys(header: list[str], place: str) -> list[str | None]:
    """The key of every column; null for those that are not read."""
    for before, after in (FIRST, SECOND, THIRD):
        known = list((before | after).values())
        if header == [*before, *after]:
            return known
        optional = [name for name in header if name in OPTIONAL]
        shown = header[len(before) : len(header) - len(after) - len(optional)]
        if after is THIRD[1] and len(shown) <= DISPLAYED and header == [*before, *shown, *after, *optional]:
            if measured := [name for name in (*shown, *optional) if MEASURED.search(name)]:
                raise InputError(
                    f"{place}: found {measured[0]!r} of the chart on display; allowed: an export of the chart of"
                    " throughput, or for measured power the rows of InferenceX's API, which say what power is of"
                )
            return [*before.values(), *[None] * len(shown), *after.values(), *[None] * len(optional)]
    raise InputError(
        f"{place}: found columns {', '.join(map(repr, header[:4]))}; allowed: those of an export of"
        " InferenceX's dashboard"
    )


def _record(keys: list[str | None], cells: list[str]) -> dict[str, object]:
    record = {key: _value(cell.strip()) for key, cell in zip(keys, cells, strict=True) if key}
    return record | {"hw": record.get("hw") or record["hw_key"]}


def _value(cell: str) -> object:
    if NUMBER.fullmatch(cell):
        return float(cell) if "." in cell or "e" in cell.lower() else int(cell)
    return None if cell == "" else cell
