"""Parts of documents that are written from the tables, between two marks each: `make readme`."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.readable import between, two_digits
from inference_energy.headline.answers import Answer
from inference_energy.tables.units import COUNT

PRINTED = ("arxiv-2025", "joule-2026")
# What was left out of the fit, in words.
LEFT_OUT = {"source": "the benchmark campaign", "model": "the model", "gpu": "the GPU", "version": "the version"}
BOUNDARIES = {"gpu_boards": "GPU boards", "node": "node", "datacenter": "datacenter", "fleet": "fleet"}
SCORED = ("runs", "geometric error", "median of predicted / measured", "inside the 90 % interval")
WORKLOADS = {
    "traditional": "traditional",
    "long": "long",
    "reasoning": "answer of a reasoning service",
    "coding_agent": "request of a coding agent",
    "azure_conversation": "Azure's conversations",
    "mooncake_conversation": "Mooncake's conversations",
}


def filled(text: str, document: str, blocks: Mapping[str, Iterable[str]]) -> str:
    """A document with the lines of each block between its marks; all other text is kept.

    Args:
        text: the document.
        document: its path, for errors.
        blocks: lines by the name of the block.

    Raises:
        InputError: a mark that is missing.
    """
    for name, lines in blocks.items():
        begin, end = f"<!-- {name}: written by `make readme` -->", f"<!-- end of {name} -->"
        for mark in (begin, end):
            if mark not in text:
                raise InputError(f"{document}: found no line {mark!r}; what is written stands between two marks")
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = before + "\n".join([begin, *lines, end]) + after
    return text


def answer_lines(answers: Iterable[Answer], newest: str) -> list[str]:
    """The four answers as a table, next to what the newest edition prints."""
    lines = [f"| | | answer | P5–P95 | {newest} prints |", "|---|---|---|---|---|"]
    return lines + [
        f"| {of.question} | {of.statistic} | **{two_digits(of.value)} {of.unit}** | {between(of.p05, of.p95)} |"
        f" {'–' if of.published is None else f'{of.published:g}'} |"
        for of in answers
    ]


def score_lines(scores: pl.DataFrame) -> list[str]:
    """How far the serving model is from measured energy that it did not learn from."""
    rows = {row["left_out"]: row for row in _over_all(scores).filter(score="energy_at_batch").iter_rows(named=True)}
    return [
        f"| left out of the fit | {' | '.join(SCORED)} |",
        "|---|---|---|---|---|",
        *(f"| {LEFT_OUT[name]} | {_scored(rows[name])} |" for name in ("source", "model", "gpu")),
    ]


def every_score_lines(scores: pl.DataFrame) -> list[str]:
    """Every score over all of its runs."""
    return [
        f"| score | left out | {' | '.join(SCORED)} |",
        "|---|---|---|---|---|---|",
        *(
            f"| `{row['score']}` | {LEFT_OUT.get(row['left_out'], '–')} | {_scored(row)} |"
            for row in _over_all(scores).iter_rows(named=True)
        ),
    ]


def stated_lines(fleets: pl.DataFrame) -> list[str]:
    """What services state, next to the median prediction with its interval; `fleets` is `published_fleets`."""
    return [
        "| statement | stated | predicted: median (P5–P95) | predicted / stated |",
        "|---|---|---|---|",
        *map(_stated, fleets.iter_rows(named=True)),
    ]


def _stated(row: Mapping) -> str:
    interval = between(row["predicted_p05"], row["predicted_p95"])
    if row["unit"] == COUNT:
        stated, unit, within = f"{row['stated']:.3g}", "", ""
    else:
        stated, unit, within = two_digits(row["stated"]), f" {row['unit']}", f", {BOUNDARIES[row['boundary']]}"
    return (
        f"| {row['service']}, {row['quantity']}{within} | {stated}{unit} |"
        f" {two_digits(row['predicted_p50'])} ({interval}){unit} | {row['ratio']:.2f} |"
    )


def _scored(row: Mapping) -> str:
    """Cells of a score, in the order of `SCORED`."""
    inside = "–" if row["coverage_90"] is None else f"{100 * row['coverage_90']:.0f} %"
    return f"{row['rows']:,} | {row['factor']:.2f}× | {row['median_ratio']:.2f} | {inside}"


def _over_all(scores: pl.DataFrame) -> pl.DataFrame:
    return scores.filter(pl.col("group") == "all")


def edition_lines(headline: pl.DataFrame, energy: Mapping[str, pl.DataFrame], current: str, subject: str) -> list[str]:
    """What both editions print next to what is computed, and the current estimate.

    Args:
        headline: the headline numbers.
        energy: `energy_per_query` by study.
        current: name of the study of today.
        subject: class of the queries.
    """
    rows = {(row["study"], row["quantity"]): row for row in headline.iter_rows(named=True)}
    studies = (*PRINTED, current)

    def line(label: str, quantity: str, told: Callable[[str], str]) -> str:
        cells = [f"{rows[study, quantity]['published']:g}, {told(study)}" for study in PRINTED]
        return f"| {label} | {' | '.join(cells)} | **{told(current)}** |"

    def fleet(study: str, quantity: str) -> str:
        row = rows[study, quantity]
        return f"{two_digits(row['computed'])} ({between(row['computed_p05'], row['computed_p95'])})"

    queries = {"traditional": "traditional query", "long": "long query (test-time scaling)"}
    fleets = {
        "traditional": "1 billion queries a day, all traditional",
        "mixed": "10 % long",
        "mixed_optimized": "10 % long, with interventions",
    }
    return [
        "| | arXiv v1: printed, computed | Joule 2026: printed, computed | `current` |",
        "|---|---|---|---|",
        *(
            line(
                f"{label}, median over queries, Wh",
                f"{workload} {subject} energy_wh_p50 as_published",
                {name: _query(energy[name], workload, subject) for name in studies}.__getitem__,
            )
            for workload, label in queries.items()
        ),
        *(
            line(
                f"{label}, expected value, GWh/day",
                f"{scenario} energy_gwh_per_day_mean",
                partial(fleet, quantity=f"{scenario} energy_gwh_per_day_mean"),
            )
            for scenario, label in fleets.items()
        ),
    ]


def class_lines(energy: pl.DataFrame, classes: Mapping[str, str]) -> list[str]:
    """Median over queries and expected value by class, for both workloads.

    Args:
        energy: `energy_per_query` of a study of method `nested`.
        classes: labels of classes by name.
    """
    head = "median over queries, Wh | expected value, Wh"
    return [
        f"| | traditional: {head} | long: {head} |",
        "|---|---|---|---|---|",
        *(
            f"| {label} | {_both(energy, 'traditional', name)} | {_both(energy, 'long', name)} |"
            for name, label in classes.items()
        ),
    ]


def workload_lines(energy: pl.DataFrame, subject: str) -> list[str]:
    """Median over queries and expected value of a class by workload."""
    return [
        "| workload | median over queries, Wh | expected value, Wh |",
        "|---|---|---|",
        *(f"| {label} | {_both(energy, name, subject)} |" for name, label in WORKLOADS.items()),
    ]


def _both(energy: pl.DataFrame, workload: str, subject: str) -> str:
    return f"{_query(energy, workload, subject)} | {_told(energy, workload, subject, 'shared', 'mean')}"


def _query(energy: pl.DataFrame, workload: str, subject: str) -> str:
    return _told(energy, workload, subject, "untrimmed", "p50")


def _told(energy: pl.DataFrame, workload: str, subject: str, spread: str, statistic: str) -> str:
    """A statistic of the energy of a query with its interval."""
    row = energy.filter(workload=workload, subject=subject, spread=spread).row(0, named=True)
    return f"{two_digits(row[f'energy_wh_{statistic}'])} ({between(row['energy_wh_p05'], row['energy_wh_p95'])})"
