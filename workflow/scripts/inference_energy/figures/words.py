"""Words that figures have in common, and numbers as text."""

import re
from collections.abc import Callable

import polars as pl

from inference_energy.common.readable import two_digits
from inference_energy.studies.study import Study

NAMES = {"gpu_boards": "GPU boards", "node": "Node", "datacenter": "Datacenter", "fleet": "Fleet"}
WITHIN = {
    "gpu_boards": "the GPU boards",
    "node": "the node",
    "datacenter": "the datacenter (node × PUE)",
    "fleet": "the fleet (datacenter and overheads)",
}
# Names of the estimates of this project among other methods, by the names of methods in tables.
THIS_WORK = {"current": "This work", "current_offline": "This work, saturated offline"}


def named() -> pl.Expr:
    """Name of a method in a figure: its label, but for estimates of this project."""
    return pl.col("method").replace_strict(THIS_WORK, default=pl.col("label"), return_dtype=pl.String).alias("label")


def subject_of(study: Study) -> str:
    """Label of the class that the fleet serves."""
    return label_of(study.classes[study.fleet.subject].label)


def number(value: float) -> str:
    """Two significant digits: 0.34, 4.3, 1,300."""
    return two_digits(value)


def precise(value: float) -> str:
    """Three significant digits, for a number next to one that somebody printed: 0.341, 4.32, 1,300."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def interval(low: float, high: float) -> str:
    """A range as text: 0.11–0.84."""
    return f"{number(low)}–{number(high)}"


def label_of(label: str) -> str:
    """A label of a study as it is set in figures: ranges with an en dash, no space before a percent sign."""
    return re.sub(r"(?<=\d)-(?=\d)", "–", label).replace(" %", "%")


def extent(values: pl.Series, between: str) -> str:
    """The lowest and the highest value as text, or the one where both are alike."""
    return between.join(dict.fromkeys((number(values.min()), number(values.max()))))


def counted(count: int, name: str) -> str:
    """A number of things: 1 pair, 2 pairs."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def listed(names: list[str]) -> str:
    """Names inside a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def times(factor: float) -> str:
    """A factor as text: 1.8×."""
    return f"{number(factor)}×"


def mean_and_range(row: dict, name: str, unit: str) -> str:
    """Expected value, P5 and P95 as text: 1.0 GWh (0.53–3.2)."""
    return f"{number(row[f'{name}_mean'])} {unit} ({interval(row[f'{name}_p05'], row[f'{name}_p95'])})"


def reference_load(row: dict) -> str:
    """A familiar load as text: 1 billion web searches: 0.30 GWh."""
    return f"{row['label']}: {number(row['energy_gwh_per_day'])} GWh"


def texts(rows: pl.DataFrame, text: Callable[[dict], str]) -> pl.Series:
    """A text for every row."""
    return pl.Series([text(row) for row in rows.iter_rows(named=True)], dtype=pl.String)


def inside_a_sentence(name: str) -> str:
    """A name without its capital letter, unless it begins with an abbreviation."""
    return name if name[:2].isupper() and name[1:2] != " " else f"{name[0].lower()}{name[1:]}"
