"""Golden headline numbers: those agreed on, and what a change of them must say."""

import polars as pl

from inference_energy.tables.writing import RELATIVE_TOLERANCE

KEY = ["study", "quantity"]
NUMBERS = ["computed", "computed_p05", "computed_p95"]
COLUMNS = [*KEY, "unit", *NUMBERS]
FINGERPRINT_DIGITS = 12
NO_REASON = "<why>"


def golden_table(headline: pl.DataFrame) -> pl.DataFrame:
    """The columns of `results/headline.csv` that are agreed on, in its order."""
    return headline.select(COLUMNS)


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


def changelog_line(sha256: str) -> str:
    """The line that a changelog needs for a golden file with this checksum; the reason is left to be written."""
    return f"- Headline numbers moved because {NO_REASON} (golden `{sha256[:FINGERPRINT_DIGITS]}`)."


def changelog_fault(changelog: str, sha256: str) -> str | None:
    """What is wrong with a changelog: no line for the golden file with this checksum, or one without a reason."""
    if sha256[:FINGERPRINT_DIGITS] not in changelog:
        return f"CHANGELOG.md does not explain the golden numbers; add, with the reason:\n{changelog_line(sha256)}"
    if NO_REASON in changelog:
        return f"CHANGELOG.md still says {NO_REASON}: write the reason there"
    return None
