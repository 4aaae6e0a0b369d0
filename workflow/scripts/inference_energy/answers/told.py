"""Answers in words, for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from inference_energy.answers.estimate import Estimate
from inference_energy.answers.packaged import packaged
from inference_energy.common.errors import InputError
from inference_energy.common.readable import two_digits

DRIVERS = 3  # that are named
BOUNDARIES = {
    "gpu_boards": "boards of the GPUs",
    "node": "whole nodes",
    "datacenter": "nodes and PUE",
    "fleet": "nodes, PUE, network and storage",
}


def told(of: Estimate, again: str) -> Iterator[str]:
    """The answer in a few lines; `again` is the command that explains it."""
    yield f"{named(of)}: {of}"
    yield "  median, and P5 to P95 of what is not known" + (
        "" if of.served.question.of_one_query else " and of how queries differ"
    )
    yield f"  mean {two_digits(of.energy_wh.mean)} Wh"
    yield f"  boundary: {of.boundary} ({BOUNDARIES[of.boundary]}); study: {of.served.study}"
    shares = [f"{name} {100 * share:.0f} %" for name, share in list(of.drivers.items())[:DRIVERS]]
    yield f"  uncertainty from: {', '.join(shares) or 'nothing that is drawn'}"
    yield f"  evidence: {evidence_told(of)}"
    if of.served.question.of_one_query:
        yield f"  derivation: {again}"


def named(of: Estimate) -> str:
    """What was asked."""
    question, on = of.served.question, f" in {of.served.precision} on {of.served.gpu}" if of.served.gpu else ""
    if question.of_one_query:
        lengths = f"{question.input_tokens:,.0f} tokens in, {question.output_tokens:,.0f} out"
    else:
        lengths = f"a random query, workload {question.workload}"
    return f"{of.served.subject.label}{on}, {lengths}"


def evidence_told(of: Estimate) -> str:
    """What an estimate rests on."""
    found = of.evidence
    parts = [f"{100 * share:.0f} % {name}" for name, share in found.shares.items()] if len(found.shares) > 1 else []
    runs = f"{found.runs:,} runs of {'it' if len(of.served.services) == 1 else 'them'} there"
    words = [found.kind, *parts, f"{runs}, {found.metered_runs:,} with metered boards"]
    return "; ".join(words + ([found.note] if found.note else []))


def compared(first: Estimate, second: Estimate) -> Iterator[str]:
    """Two answers, and how their medians compare."""
    yield f"A  {named(first)}: {first} [{first.evidence.kind}]"
    yield f"B  {named(second)}: {second} [{second.evidence.kind}]"
    ratio = second.wh / first.wh
    words = (
        f"{two_digits(ratio)} times the energy of A" if ratio >= 1 else f"1/{two_digits(1 / ratio)} of the energy of A"
    )
    yield f"B needs {words} (medians)"
    low, high = sorted((first, second), key=lambda each: each.wh)
    if low.interval[1] > high.interval[0]:
        yield "The intervals overlap; much of what is not known is the same for both."


def models_told(search: str) -> Iterator[str]:
    """Models whose name has a text in it."""
    of = packaged()
    sizes = of.tables.models.select(
        "model",
        pl.concat_str(pl.col("total_parameters_billions").round(1), pl.lit(" B")).alias("total"),
        pl.concat_str(pl.col("active_parameters_billions").round(1), pl.lit(" B")).alias("active"),
        "model_class",
        pl.lit("open").alias("known"),
    )
    closed = of.closed_models.select(
        "model",
        pl.lit("").alias("total"),
        pl.lit("").alias("active"),
        pl.when(pl.col("smallest_class") == pl.col("largest_class"))
        .then("smallest_class")
        .otherwise(pl.concat_str("smallest_class", pl.lit(" to "), "largest_class"))
        .alias("model_class"),
        pl.col("disclosed").alias("known"),
    )
    yield from _listed(pl.concat([sizes, closed]), ("model", "in total", "per token", "class", "sizes"), search)


def gpus_told(search: str) -> Iterator[str]:
    """GPUs whose name has a text in it."""
    hardware = packaged().tables.hardware
    columns = {"memory_gb": "GB", "memory_bandwidth_gb_per_s": "GB/s", "tdp_w": "W"}
    shown = hardware.select(
        "gpu",
        *(pl.col(name).cast(pl.Int64).cast(pl.String).fill_null("") + f" {unit}" for name, unit in columns.items()),
    )
    yield from _listed(shown, ("GPU", "memory", "bandwidth", "TDP"), search)


def _listed(table: pl.DataFrame, heads: Sequence[str], search: str) -> Iterable[str]:
    rows = [row for row in table.rows() if search.lower() in row[0].lower()]
    if not rows:
        raise InputError(f"{heads[0]}: found none with {search!r} in its name; allowed: one of {len(table)} names")
    rows = [tuple(heads), *sorted(rows, key=lambda row: row[0].lower())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
