"""Throughput tables of the page `perf-overview.md` of TensorRT-LLM (`trtllm_markdown`), in three layouts.

Up to 0.17 rows of model, tensor parallelism and lengths under a column per GPU; from 0.19 a table per model and
precision, named in its heading, with head rows `GPU` and `TP Size`; from 1.0 heads `B200<br/>TP1 (FP4)`.
"""

import math
import re
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.figures import figure
from inference_energy.corpus.formats.markdown_tables import Table

LABELS = {
    "lengths": re.compile(r".*\bISL\s*[,/]\s*OSL\b.*|(?:Runtime )?Input/Output Lengths", re.IGNORECASE),
    "tensor_parallel": re.compile(r"TP Size|Tensor Model Parallel Size", re.IGNORECASE),
    "model": re.compile(r"Model", re.IGNORECASE),
    "gpu": re.compile(r"GPU:?", re.IGNORECASE),
    "precision": re.compile(r"Precision", re.IGNORECASE),
}
HEADING_WITH_PRECISION = re.compile(r"(.*\S)\s+((?:NV|MX)?FP[0-9]+|BF16|INT[0-9]+)", re.IGNORECASE)
DEGREES = {
    "TP": ["tensor_parallel"],
    "PP": ["pipeline_parallel"],
    "EP": ["expert_parallel"],
    "DEP": ["data_parallel", "expert_parallel"],  # attention in data parallel, experts in expert parallel
}
DEGREE = rf"(?:{'|'.join(DEGREES)})[0-9]{{1,6}}"
COLUMN_HEAD = re.compile(rf"(.+?)\s+({DEGREE}(?:\s*,\s*{DEGREE})*)\s*\(([^()]+)\)")
COUNT_OF_GPUS = re.compile(r"([0-9]+) GPUs?", re.IGNORECASE)
LENGTHS = re.compile(r"([0-9]+)\s*[,/]\s*([0-9]+)")
PARALLEL = ["tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel"]


def figures(table: Table, path: Path, page: list[str]) -> tuple[list[dict], int]:
    """The figures of a throughput table, each with what its row, column and heading say, and how many cells have none.

    The table has a label of lengths; `page` are the lines of its page, for footnotes.

    Raises:
        InputError: a table that cannot be understood.
    """
    for line, cells in table.rows:
        if len(cells) != (width := len(table.rows[0][1])):
            raise InputError(f"{path} line {line}: found {len(cells)} cells; allowed: {width}, as in the first row")
    head, body = _split(table, path)
    keys, columns = _head(head, path)
    section = _section(table)
    figures, empty, key = [], 0, {}
    for line, cells in body:
        key = _key(cells, keys, key)
        lengths = LENGTHS.fullmatch(key["lengths"])
        of_row = {name: cell for name, cell in key.items() if name != "lengths"}
        if not lengths:
            raise InputError(f"{path} line {line}: found lengths {key['lengths']!r}; allowed: for example 128, 2048")
        for index, column in columns.items():
            found = figure(cells[index], page, f"{path} line {line}")
            if found:
                of_cell = {"input_tokens": lengths[1], "output_tokens": lengths[2], "line": line}
                of_cell |= {"throughput_tok_per_s": found[0]} | ({"note": found[1]} if found[1] else {})
                figures.append(section | column | of_row | of_cell)
            else:
                empty += 1
    return figures, empty


def label_of(cell: str) -> str | None:
    """What a cell of a head labels; null if it is no label."""
    return next((name for name, pattern in LABELS.items() if pattern.fullmatch(cell)), None)


def _split(table: Table, path: Path) -> tuple[list, list]:
    """Head rows, the last of which labels the lengths, and rows of figures; without dashes and blank rows."""
    line, dashes = table.rows[min(1, len(table.rows) - 1)]
    if not all(re.fullmatch(r":?-+:?", cell) for cell in dashes):
        raise InputError(f"{path} line {line}: found {' | '.join(dashes)!r}; allowed: dashes under a table's first row")
    kept = [(line, cells) for line, cells in table.rows if cells is not dashes and any(cells)]
    last = next(index for index, (_, cells) in enumerate(kept) if "lengths" in map(label_of, cells))
    return kept[: last + 1], kept[last + 1 :]


def _head(head: list[tuple[int, list[str]]], path: Path) -> tuple[dict[str, int], dict[int, dict]]:
    """Which columns hold the keys of a row, and what the head says of each column of figures."""
    labels = [{index: label_of(cell) for index, cell in enumerate(cells) if label_of(cell)} for _, cells in head]
    start = 1 + max(index for row in labels for index in row)
    keys: dict[str, int] = {}
    columns: dict[int, dict] = {index: {} for index in range(start, len(head[0][1]))}
    for (line, cells), row in zip(head, labels, strict=True):
        valued = any(cells[start:])
        if not row or (not valued and any(cell and not label_of(cell) for cell in cells)):
            found = " | ".join(filter(None, cells))
            raise InputError(f"{path} line {line}: found head {found!r}; allowed: {one_of(LABELS)}")
        name = row[max(row)]  # the label next to the values
        keys |= {label: place for place, label in row.items() if not valued or label in ("lengths", "model")}
        for place, column in columns.items() if valued else []:
            if name == "lengths":
                column |= _column_head(cells[place], f"{path} line {line}")
            else:  # the name of a GPU stands once over all its columns
                merged = columns.get(place - 1, {}).get("gpu", "") if name == "gpu" else ""
                column[name] = cells[place] or merged
    return keys, columns


def _column_head(cell: str, place: str) -> dict[str, str]:
    """Facts in a head such as `B200 DEP4 (FP4)` or `4 GPUs TP2,PP2 (FP4)`."""
    match = COLUMN_HEAD.fullmatch(cell)
    if not match:
        raise InputError(f"{place}: found column head {cell!r}; allowed: for example 'B200<br/>TP1 (FP4)'")
    column = {"precision": match[3]}
    for letters, degree in re.findall(r"([A-Z]+)([0-9]+)", match[2]):
        column |= dict.fromkeys(DEGREES[letters], degree)
    # ASSUME: GPUs = tensor x pipeline x data parallel, the experts on the same GPUs; heads that count them agree.
    spread = [int(column[name]) for name in PARALLEL if name in column and name != "expert_parallel"]
    counted = COUNT_OF_GPUS.fullmatch(match[1])
    column["gpus"] = counted[1] if counted else str(math.prod(spread)) if spread else ""
    return column if counted else column | {"gpu": match[1]}


def _section(table: Table) -> dict[str, str]:
    """Facts from the heading of a table and from the prose under it."""
    model, _, gpu = table.heading.partition(" - ")
    match = HEADING_WITH_PRECISION.fullmatch(model)
    section = {"model": match[1], "precision": match[2]} if match else {"model": model}
    if not gpu and table.prose:
        gpu = table.prose[-1]  # the line right above a table names the GPU where its columns only count GPUs
    return section | {"gpu": gpu}


def _key(cells: list[str], keys: dict[str, int], above: dict[str, str]) -> dict[str, str]:
    """The key cells of a row: a blank one repeats the row above, unless one to its left begins anew."""
    key: dict[str, str] = {}
    for name, index in sorted(keys.items(), key=lambda item: item[1]):
        renewed = any(cells[keys[left]] for left in key)
        key[name] = cells[index] or ("" if renewed else above.get(name, ""))
    return key
