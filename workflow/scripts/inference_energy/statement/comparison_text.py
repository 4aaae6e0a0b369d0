"""Text of a comparison of two statements."""

from operator import itemgetter

import polars as pl

from inference_energy.statement.cells import Table, text_table
from inference_energy.statement.comparison import (
    EMISSIONS,
    ENERGY,
    GPU,
    GRID,
    LENGTHS,
    METHOD,
    MODEL,
    SERVING,
    VOLUME,
    Usage,
)
from inference_energy.statement.wording import STATISTIC, count, number, percent, scale, signed

LABELS = {
    VOLUME: "Requests",
    MODEL: "Models",
    LENGTHS: "Lengths",
    GPU: "GPUs",
    SERVING: "Serving",
    GRID: "Electricity",
    METHOD: "Method",
}
METHOD_IN_WORDS = (
    "Energy is requests × share of a model × lengths × share of a GPU × energy per token × PUE, and emissions are"
    " energy × carbon intensity. The contribution of a cause is the mean over all orders in which the causes may change"
    " from before to after (Shapley value), so the contributions add up to the difference. Numbers are expected values,"
    " which add up, with three digits for it; the uncertainty of the method"
    " is common to both sides, and no interval of the difference is given. A"
    " model that only one side has counts as a change of models. Energy per token that changes under the same version"
    " and study is `Serving`; under another one it is `Method`, as nothing tells the two apart."
)
EXPECTED = STATISTIC.partition(" (")[0]
QUANTITIES = {ENERGY: "Energy", EMISSIONS: "Emissions of electricity, location-based"}


def change(before: float, after: float, unit: str) -> str:
    """A change in words: `from 523 to 613 kg CO2e, +17.2 %`."""
    size, name = scale(max(before, after), unit)
    return f"from {number(before / size)} to {number(after / size)} {name}, {percent(after - before, before)}"


def content(before: Usage, after: Usage, parts: pl.DataFrame) -> dict[str, object]:
    """Content of a page about a comparison, as text; `parts` is a table of `comparison.difference`."""
    summary = []
    for quantity, label in QUANTITIES.items():
        of = parts.filter(pl.col("quantity") == quantity)
        first = of.row(0, named=True)
        summary.append(
            (f"{label}, {EXPECTED}", f"{change(first['before'], first['after'], first['unit'])}{_most(of)}.")
        )
    totals = f"from {count(before.total)} to {count(after.total)}, {percent(after.total - before.total, before.total)}."
    summary.append(("Requests", totals))
    return {
        "title": f"{before.name} and {after.name}",
        "summary": summary,
        "parts": [
            _parts(parts.filter(pl.col("quantity") == quantity), label) for quantity, label in QUANTITIES.items()
        ],
        "sides": _sides(before, after),
        "method": METHOD_IN_WORDS,
    }


def _most(parts: pl.DataFrame) -> str:
    of = parts.sort(pl.col("difference").abs(), descending=True).row(0, named=True)
    if not of["difference"]:
        return ""
    size, unit = scale(max(of["before"], of["after"]), of["unit"])
    return f", most of it by {LABELS[of['cause']].lower()} ({signed(of['difference'] / size)} {unit})"


def _parts(parts: pl.DataFrame, label: str) -> Table:
    size, unit = scale(max(parts["before"][0], parts["after"][0]), parts["unit"][0])
    before = parts["before"][0]
    cells = {
        "Cause": lambda row: LABELS[row["cause"]],
        "What changed": itemgetter("meaning"),
        unit: lambda row: signed(row["difference"] / size),
        "Of before": lambda row: percent(row["difference"], before),
    }
    whole = parts["after"][0] - before
    table = text_table(label, parts, cells, 2)
    total = ["Sum", "difference of the two statements", signed(whole / size), percent(whole, before)]
    return Table(title=table.title, head=table.head, rows=[*table.rows, total], text=2)


def _sides(before: Usage, after: Usage) -> Table:
    rows = pl.DataFrame([{"what": name, "before": of(before), "after": of(after)} for name, of in SIDES.items()])
    cells = {"": itemgetter("what"), "Before": itemgetter("before"), "After": itemgetter("after")}
    return text_table("What is compared", rows, cells, 3)


SIDES = {
    "Statement": lambda of: of.name,
    "Method": lambda of: of.method,
    "Boundary": lambda of: of.boundary,
    "Requests": lambda of: count(of.total),
    "Models or classes": lambda of: ", ".join(sorted({subject for subject, _ in of.requests})),
    "Regions": lambda of: ", ".join(sorted({region for _, region in of.requests})),
}
