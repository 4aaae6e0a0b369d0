"""Headline numbers that are not the agreed ones, for the tests that look for them."""

import polars as pl
from inference_energy.headline.golden import NUMBERS, golden_table
from inference_energy.tables.writing import RELATIVE_TOLERANCE


def moved(golden: pl.DataFrame, headline: pl.DataFrame) -> list[str]:
    """A line for every number that is not the agreed one, every row that is new and every row that is gone."""
    before, now = (
        {(row["study"], row["quantity"]): row for row in golden_table(frame).iter_rows(named=True)}
        for frame in (golden, headline)
    )
    lines = [f"{' '.join(key)}: new, {_shown(now[key]['computed'])} {now[key]['unit']}" for key in now.keys() - before]
    lines += [f"{' '.join(key)}: gone, was {_shown(before[key]['computed'])}" for key in before.keys() - now]
    for key in before.keys() & now:
        old, new = before[key], now[key]
        if new["unit"] != old["unit"]:
            lines.append(f"{' '.join(key)}: unit: {old['unit']} -> {new['unit']}")
        lines += [
            f"{' '.join(key)}: {name}: {_shown(old[name])} -> {_shown(new[name])} {new['unit']}"
            for name in NUMBERS
            if not _same(old[name], new[name])
        ]
    return sorted(lines)


def _same(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return abs(now - before) <= RELATIVE_TOLERANCE * abs(before)


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.9g}"
