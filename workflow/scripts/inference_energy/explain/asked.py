"""The number that is asked for: one column of one row of a public table."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

import polars as pl

from inference_energy.common.step import RESULT, SYMBOL, Node, Place, Value, digits, listed, number
from inference_energy.explain.searched import command
from inference_energy.explain.sources import Sources
from inference_energy.explain.trace import Traced
from inference_energy.publish.catalogue import BY_NAME
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.studies.study import NestedStudy, PublishedStudy


@dataclass(frozen=True, kw_only=True)
class Asked(Sources):
    """One column of one row of a public table, and what answers are made from."""

    table: str
    row: dict  # the row
    column: str  # the column
    explain: Callable[["Asked"], Node] = field(repr=False)  # explains another number

    @property
    def value(self) -> Value:
        """The value of the number."""
        return self.row[self.column]

    @property
    def study(self) -> str:
        """Study of the row."""
        return self.row["study"]

    @property
    def entries(self) -> PublishedStudy | NestedStudy:
        """Entries of that study."""
        return self.build.typed_study(self.study)

    @property
    def run(self) -> dict[str, str]:
        """Source and name of the benchmark row that the row is about."""
        return {name: self.row[name] for name in ("source", "row_id")}

    @property
    def quantile(self) -> str | None:
        """Which quantile the column is: `p05` to `p95`, `mean`, or none."""
        return next((part for part in self.column.split("_") if part in (*QUANTILES, "mean")), None)

    @property
    def key(self) -> str:
        """Name of the row."""
        names = self.build.key(self.table) or [name for name, cell in self.row.items() if isinstance(cell, str)]
        return ", ".join(f"{name} {plain(self.row[name])}" for name in names if self.row.get(name) is not None)

    @property
    def place(self) -> Place:
        """File and row."""
        return Place(
            kind=RESULT,
            file=f"results/{BY_NAME[self.table].path.format(study=self.row.get('study'))}",
            key=f"{self.key}; column {self.column}",
        )

    def node(self, formula: str = "", children: Iterable[Node] = (), **facts: Value) -> Node:
        """The number as a step with its place, after its formula and what that rests on."""
        given = {
            "label": f"{self.column} of {self.table} ({self.key})",
            "value": self.value,
            "unit": self.build.unit(self.table, self.column, self.row),
            "place": self.place,
            "note": self.build.meanings(self.table)[self.column],
        }
        return Node(formula=formula, children=tuple(children), **given | facts)

    def beside(self, column: str, symbol: str = "", **facts: Value) -> Node:
        """Another column of the same row, explained."""
        return self.of(self.table, self.row, column, symbol, **facts)

    def of(self, table: str, row: dict, column: str, symbol: str = "", **facts: Value) -> Node:
        """A number of another row or table, explained."""
        found = self.explain(replace(self, table=table, row=row, column=column))
        return replace(found, symbol=symbol, **facts)

    def follows(self, found: Node | Traced, *others: Node, **facts: Value) -> Node:
        """The number as a step that follows as another does, or that is the other where that follows from nothing."""
        step = found.step() if isinstance(found, Traced) else found
        if not step.formula:
            return self.same(step, *others, **facts)
        return self.node(step.formula, [*step.children, *others], **{"alike": step.alike} | facts)

    def of_columns(self, formula: str, *others: Node, **facts: Value) -> Node:
        """The number as arithmetic in other columns of its row, which are the symbols, and in other steps."""
        names = [name for name in dict.fromkeys(SYMBOL.findall(formula)) if name in self.row]
        columns = [self.beside(name, name) for name in names if all(name != other.symbol for other in others)]
        return self.node(formula, [*columns, *others], **facts)

    def look_up(self, table: str, column: str, symbol: str = "", **key: Value) -> Node:
        """A number of the first row of a table with a key, explained."""
        return self.of(table, self.build.row(table, **key), column, symbol)

    def cited(self, table: str, column: str, *behind: Node, **key: Value) -> Node:
        """A fitted number, with some steps behind it and the command that derives it: many steps would repeat it."""
        there = replace(self, table=table, row=self.build.row(table, **key), column=column)
        words = " ".join([table, *map(str, key.values()), column])
        return there.node(children=behind, note=f"fitted; derived by {command(words)}")

    def each(self, table: str, rows: pl.DataFrame, column: str, words: str, label: str = "") -> Node:
        """A column of rows of a table, one by one; `label` names each by cells of its row in braces."""
        found = (
            self.of(table, row, column, **({"label": label.format(**row)} if label else {}))
            for row in rows.iter_rows(named=True)
        )
        return listed(found, words)

    def same(self, found: Node, *others: Node, **facts: Value) -> Node:
        """The number as the value of another step."""
        return self.node("x", [replace(found, symbol="x"), *others], **facts)

    def stated(self, label: str, value: float, *behind: Node, **facts: Value) -> Node:
        """The number as what is counted, or found by a statistic, of the steps behind it."""
        return self.same(number("", label, value, children=behind), **facts)

    def entry(self, *keys: str | int, study: str | None = None, **facts: Value) -> Node:
        """An entry of a study, by default that of the row."""
        return self.study_entry(study or self.study, keys, **facts)


def shared(answer: Callable) -> Callable:
    """A function of a number and further arguments whose answer all numbers share: run once for these arguments."""

    @wraps(answer)
    def once(asked: Asked, *place: Hashable) -> Any:
        return asked.build.once(answer, *place, read=lambda: answer(asked, *place))

    return once


def plain(value: Value) -> str:
    """A cell as text."""
    return digits(value) if isinstance(value, float) else str(value)
