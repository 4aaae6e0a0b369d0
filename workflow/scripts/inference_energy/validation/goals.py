"""The scoreboard as text: goals with what was reached, and other methods on the same runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from inference_energy.common.aligned import aligned
from inference_energy.validation.scoreboard import measures

KEYS = ("score", "left_out", "group")
OTHERS = "energy_at_batch, "
# What a method that leaves nothing out is compared with: this work without the source of each run.
OWN_KIND = "source"
MEASURES = ("median_ratio", "factor", "coverage_90")
THIS_WORK = "_of_this_work"  # ending of columns
NOT_SCORED = "missed: no such runs"


def reached(scores: pl.DataFrame, goals: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Goals in their order, with the score of each and the verdict.

    Args:
        scores: of `scoreboard.scores`.
        goals: of config/validation.yaml: `factor` is the largest, `coverage` and `median_ratio` the least and largest.

    Returns:
        `KEYS`, `rows`, `factor`, `coverage_90`, `median_ratio`, each with its limits (`factor_limits`, ...), `met`,
        and the `verdict`: met, or missed and what was missed. A coverage above its largest is met all the same.
    """
    known = {tuple(row[key] for key in KEYS): row for row in scores.iter_rows(named=True)}
    return pl.DataFrame(
        [_judged(goal, known.get(tuple(goal[key] for key in KEYS))) for goal in goals], infer_schema_length=None
    )


def _judged(goal: Mapping[str, Any], score: Mapping[str, Any] | None) -> dict[str, Any]:
    limits = {
        "factor": [1.0, float(goal["factor"])],
        "coverage_90": [float(limit) for limit in goal["coverage"]],
        "median_ratio": [float(limit) for limit in goal["median_ratio"]] if "median_ratio" in goal else None,
    }
    found = {name: score[name] if score else None for name in ("rows", *limits)}
    told = {key: goal[key] for key in KEYS} | found | {f"{name}_limits": limit for name, limit in limits.items()}
    if score is None:
        return told | {"met": False, "verdict": NOT_SCORED}
    low, high = limits["coverage_90"]
    missed = [] if found["factor"] <= limits["factor"][1] else ["factor"]
    if found["coverage_90"] is None or found["coverage_90"] < low:
        missed.append("coverage")
    ratios = limits["median_ratio"]
    if ratios and not ratios[0] <= found["median_ratio"] <= ratios[1]:
        missed.append("median ratio")
    wide = found["coverage_90"] is not None and found["coverage_90"] > high
    verdict = f"missed: {' and '.join(missed)}" if missed else "met"
    return told | {"met": not missed, "verdict": verdict + (", intervals wide" if wide else "")}


def compared(held_out: pl.DataFrame) -> pl.DataFrame:
    """Other methods and this work on the same runs: `method`, `left_out`, `rows`, `factor`, `factor_of_this_work`.

    Also `median_ratio` and `coverage_90` of both, those of this work with the ending `_of_this_work`. A method that
    leaves nothing out is compared with predictions without the source of each run.
    """
    keys = ["left_out", "source", "row_id"]
    theirs = held_out.filter(pl.col("score").str.starts_with(OTHERS)).with_columns(
        method=pl.col("score").str.strip_prefix(OTHERS), of_none=pl.col("left_out") == "none"
    )
    theirs = theirs.with_columns(left_out=pl.when("of_none").then(pl.lit(OWN_KIND)).otherwise("left_out"))
    own = held_out.filter(pl.col("score") == OTHERS.rstrip(", "))
    both = theirs.join(own, on=keys, suffix=THIS_WORK)
    return (
        both.group_by("method", "left_out", "of_none")
        .agg(pl.len().cast(pl.Int64).alias("rows"), *measures(), *measures(THIS_WORK))
        .with_columns(left_out=pl.when("of_none").then(pl.lit("none")).otherwise("left_out"))
        .drop("of_none")
        .sort("method", "left_out")
    )


def lines(found: pl.DataFrame, methods: pl.DataFrame) -> list[str]:
    """The scoreboard, a line each: goals as `reached`, how many are met, and other methods as `compared`."""
    head = ("predicted", "left out", "runs", "number", "factor", "goal", "coverage", "goal", "ratio", "goal", "")
    rows = [
        (
            *(row[key] for key in KEYS),
            "" if row["rows"] is None else row["rows"],
            plain(row["factor"]),
            f"<= {row['factor_limits'][1]:g}",
            plain(row["coverage_90"]),
            _range(row["coverage_90_limits"]),
            plain(row["median_ratio"]),
            _range(row["median_ratio_limits"]) if row["median_ratio_limits"] else "",
            row["verdict"],
        )
        for row in found.iter_rows(named=True)
    ]
    told = [*aligned([head, *rows]), f"{found['met'].sum()} of {len(found)} goals are met"] if rows else ["no goals"]
    if methods.is_empty():
        return told
    head = ("energy_at_batch of other methods", "left out", "number", "factor", "ours", "coverage", "ours")
    rows = [
        (
            row["method"],
            row["left_out"],
            row["rows"],
            *(plain(row[f"{name}{end}"]) for name in ("factor", "coverage_90") for end in ("", THIS_WORK)),
        )
        for row in methods.iter_rows(named=True)
    ]
    return [*told, "", *aligned([head, *rows])]


def of_all(scores: pl.DataFrame) -> list[str]:
    """Scores over all runs and over saturated ones, a line each."""
    chosen = scores.filter((pl.col("group") == "all") | pl.col("group").str.starts_with("saturated"))
    head = ("predicted", "runs", "number", "ratio", "factor", "coverage")
    rows = [
        (score, group, number, *map(plain, found))
        for score, group, number, *found in chosen.select("score", "group", "rows", *MEASURES).iter_rows()
    ]
    return aligned([head, *rows])


def plain(value: float | None) -> str:
    """A score as text; a dash for one that a method does not have."""
    return "-" if value is None else f"{value:.3f}"


def _range(limits: Sequence[float]) -> str:
    low, high = limits
    return f">= {low:g}" if high == 1 else f"{low:g}-{high:g}"
