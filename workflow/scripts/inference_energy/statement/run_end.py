"""Messages at the end of a run of statements."""

import csv
from collections.abc import Iterable
from pathlib import Path

from inference_energy.common import escaped
from inference_energy.statement.wording import STATISTIC, count, quantity

FOLDER = Path("results/usage")


def show(usages: Iterable[str]) -> None:
    """Print the energy of every statement that was made, and its path."""
    for name in usages:
        folder = FOLDER / name
        if (folder / "statement.csv").is_file():
            escaped.show(line(name, folder))


def line(name: str, folder: Path) -> str:
    """`azure: 6.0 kWh (2.3–21) for 28,185 requests, expected value (P5–P95): results/usage/azure/statement.html`."""
    with (folder / "statement.csv").open(encoding="utf-8", newline="") as handle:
        total = next(row for row in csv.DictReader(handle) if row["breakdown"] == "total")
    energy = {name: float(value) for name, value in total.items() if name.startswith(("energy_kwh", "requests"))}
    text = quantity(energy, "energy_kwh", "kWh")
    return f"{name}: {text} for {count(energy['requests'])} requests, {STATISTIC}: {folder / 'statement.html'}"
