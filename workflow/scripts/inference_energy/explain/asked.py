"""The number that is asked for: one column of one row of a public table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from inference_energy.explain.build import Evidence
from inference_energy.explain.step import RESULT, Node, Place, Value, computed, digits

# Units by what a column's name ends with or holds, the first that fits.
UNITS = {
    "gwh_per_day": "GWh/day",
    "tok_per_s_per_gpu": "tok/s per GPU",
    "tok_per_s": "tok/s",
    "j_per_output_token": "J per output token",
    "wh_p50_relative_se": "",
    "_se_": "standard errors",
    "deviation_from_exact_se": "standard errors",
    "_wh": "Wh",
    "_s_per_token2": "GPU-s per token and token of context",
    "_s_per_token": "GPU-s per token",
    "_ms": "ms",
    "_kw": "kW",
    "power_w": "W",
    "tdp_w": "W",
    "memory_gb": "GB",
    "gb_per_s": "GB/s",
    "tflop_per_s": "TFLOP/s",
    "parameters_billions": "billions",
    "multiplier": "x",
    "tokens": "tokens",
    "predicted": "J per output token",
    "measured": "J per output token",
    "queries_per_day": "queries/day",
}
# Columns of a table that are in the unit of its row.
IN_UNIT = {"published", "computed", "p05", "p25", "p50", "p75", "p95", "mean", "before", "after", "at_low", "at_high"}
IN_UNIT |= {"central", "found", "expected", "computed_p05", "computed_p95", "tolerance", "sampling_se"}
QUANTILES = ("p05", "p25", "p50", "p75", "p95")


def unit_of(column: str, row: dict) -> str:
    """Unit of a column of a row."""
    if column in IN_UNIT and row.get("unit"):
        return row["unit"]
    if "share" in column and "tok_per" not in column:
        return ""
    return next((unit for part, unit in UNITS.items() if part in f"{column}_"), "")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One column of one row of a public table, and what answers are made from.

    Attributes:
        evidence: of the build.
        table: name of the table.
        row: the row.
        column: the column.
        explain: explains another number.
    """

    evidence: Evidence = field(repr=False)
    table: str
    row: dict
    column: str
    explain: Callable[["Asked"], Node] = field(repr=False)

    @property
    def value(self) -> Value:
        """What stands there."""
        return self.row[self.column]

    @property
    def study(self) -> str:
        """Study of the row."""
        return self.row["study"]

    @property
    def quantile(self) -> str | None:
        """Which quantile the column is: `p05` to `p95`, `mean`, or none."""
        return next((part for part in self.column.split("_") if part in (*QUANTILES, "mean")), None)

    @property
    def key(self) -> str:
        """Name of the row."""
        names = self.evidence.key(self.table) or [name for name, cell in self.row.items() if isinstance(cell, str)]
        return ", ".join(f"{name} {plain(self.row[name])}" for name in names if self.row.get(name) is not None)

    @property
    def place(self) -> Place:
        """File and row."""
        return Place(
            kind=RESULT,
            file=self.evidence.file_of(self.table, self.row.get("study")),
            key=f"{self.key}; column {self.column}",
        )

    def node(self, formula: str = "", children: Iterable[Node] = (), **facts: Value) -> Node:
        """The number as a step with its place, after its formula and what that rests on."""
        given = {
            "label": f"{self.column} of {self.table} ({self.key})",
            "value": self.value,
            "unit": unit_of(self.column, self.row),
            "place": self.place,
            "note": self.evidence.meaning(self.table, self.column),
        }
        return Node(formula=formula, children=tuple(children), **given | facts)

    def beside(self, column: str, symbol: str = "", **facts: Value) -> Node:
        """Another column of the same row, explained."""
        return self.of(self.table, self.row, column, symbol, **facts)

    def of(self, table: str, row: dict, column: str, symbol: str = "", **facts: Value) -> Node:
        """A number of another row or table, explained."""
        found = self.explain(replace(self, table=table, row=row, column=column))
        return replace(found, symbol=symbol, **facts)


def plain(value: Value) -> str:
    """A cell as text."""
    return digits(value) if isinstance(value, float) else str(value)


def closed(label: str, formula: str, children: Iterable[Node], why: str, **facts: Value) -> Node:
    """A closed form that stands beside a number of draws, and why it does not give it exactly."""
    return computed(label, formula, children, note=why, **facts)
