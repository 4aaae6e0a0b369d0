"""Page `perf-overview.md` of the TensorRT-LLM documentation: maximum throughput in Markdown tables."""

import re
from collections import Counter
from pathlib import Path

from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.figures import NUMBER as FIGURE
from inference_energy.corpus.formats.json_files import read_text
from inference_energy.corpus.formats.markdown_tables import Table, tables, without_code
from inference_energy.corpus.formats.reading import Reading, rows
from inference_energy.corpus.formats.trtllm_tables import PARALLEL, figures, label_of

NUMBER = r"([0-9]{1,4}(?:\.[0-9]{1,4})*)"
VERSION = re.compile(rf"(?:generated using version |NEW for v|collected for the v){NUMBER}", re.IGNORECASE)
VERSION_OF_TABLE = re.compile(rf"please use v{NUMBER}", re.IGNORECASE)
PER_GPU = re.compile(r"tokens?\s*(?:/|per )\s*sec(?:ond)?\s*(?:/|per )\s*gpu|throughput per gpu", re.IGNORECASE)
PER_INSTANCE = re.compile(r"total output throughput", re.IGNORECASE)
PRECISIONS = {"NVFP4": "FP4", "BFLOAT16": "BF16", "FLOAT16": "FP16", "UINT4": "INT4"}
# ASSUME: the page states for all its tables: random tokens of one length, all requests queued at once. That `token
# throughput` up to 0.17 is of output tokens follows from its example: requests per second times output length.
FACTS = {
    "engine": "TensorRT-LLM",
    "load": "offline",
    "prompts": "synthetic",
    "phase": "prefill_and_decode",
    "input_length_kind": "fixed",
    "output_length_kind": "fixed",
    "throughput_counts": "output",
    "evidence": "vendor_published",
    "confidence": "high",
}


def read(path: Path) -> Reading:
    """Output tokens per second, of the instance or of one GPU, of every figure in the page's throughput tables.

    Raises:
        InputError: a page without such a table, a table that cannot be understood, or no statement whether the figures
            are of the instance or of one GPU.
    """
    lines = without_code(read_text(path).split("\n"))
    found = tables(lines)
    if any(_is_of_0_9(table) for table in found):
        raise InputError(f"{path}: found a table of version 0.9, by batch size; allowed: pages since 0.14")
    if not any(_has(table, "lengths") for table in found):
        raise InputError(f"{path}: found no throughput table; allowed: a page with a table that has rows by ISL/OSL")
    page = "\n".join(lines)
    version = _first(VERSION, page)
    facts = FACTS | {"throughput_scope": _scope(page, version, path)}
    records: list[dict] = []
    left_out: Counter[str] = Counter()
    for table in found:
        if _has(table, "lengths"):
            found_in_table, empty = figures(table, path, lines)
            of_table = {"engine_version": _first(VERSION_OF_TABLE, "\n".join(table.prose)) or version}
            records += [facts | of_table | figure for figure in found_in_table]
            left_out["cell without a figure"] += empty
        elif _has(table, "gpu"):
            measured = [cells for _, cells in table.rows if any(map(FIGURE.fullmatch, cells))]
            left_out["row of a table without ISL/OSL"] += len(measured)
    return Reading({"throughput": rows(_named(records), str(path))}, dict(+left_out))


def _has(table: Table, label: str) -> bool:
    """Whether any cell of a table is that label."""
    return any(label_of(cell) == label for _, cells in table.rows for cell in cells)


def _is_of_0_9(table: Table) -> bool:
    """Whether a table states the largest throughput by batch size, with the lengths in columns of their own."""
    head = {cell.lower() for cell in table.rows[0][1]}
    return {"batch size", "input length", "output length"} <= head


def _first(pattern: re.Pattern, text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None


def _scope(page: str, version: str | None, path: Path) -> str:
    """Whether the figures are of the instance or of one GPU: by the page's own words, otherwise by its version."""
    scopes = [name for name, words in (("gpu", PER_GPU), ("instance", PER_INSTANCE)) if words.search(page)]
    if not scopes and version:
        # ASSUME: pages up to 1.0 that say no more than "tokens/second" mean the whole instance; later ones one GPU.
        scopes = ["instance" if [*map(int, version.split("."))][:2] <= [1, 0] else "gpu"]
    if len(scopes) != 1:
        found = "both units" if scopes else "neither unit and no version"
        raise InputError(f"{path}: found {found}; allowed: output tokens/s per GPU, or total output throughput")
    return scopes[0]


def _named(records: list[dict]) -> list[dict]:
    """Records with what follows from other cells; a row name given before has its line and a count behind it."""
    taken: Counter[str] = Counter()
    for record in records:
        record["gpus"] = record.get("gpus") or record.get("tensor_parallel")
        # ASSUME: up to eight GPUs are one node, as in the DGX machines that the page names; it does not speak of nodes.
        record["nodes"] = "1" if record["gpus"] in list("12345678") else None
        precision = record.get("precision", "")
        record["precision"] = PRECISIONS.get(precision.upper(), precision)
        degrees = [f"{name[0]}p{record[name]}" for name in PARALLEL if record.get(name)]
        lengths = f"{record['input_tokens']}-{record['output_tokens']}"
        parts = [record["model"], record["gpu"], record["precision"], "-".join(degrees), lengths]
        name = re.sub(r"\s+", "-", "/".join(part or "unknown" for part in parts))
        taken[name] += 1
        record["row_id"] = name if taken[name] == 1 else f"{name}/line{record['line']}-{taken[name]}"
    return records
