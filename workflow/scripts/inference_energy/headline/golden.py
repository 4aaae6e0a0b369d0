"""Golden headline numbers: those agreed on, what a change of them must say, and what moved with each change."""

import polars as pl

from inference_energy.tables.writing import RELATIVE_TOLERANCE

KEY = ["study", "quantity"]
NUMBERS = ["computed", "computed_p05", "computed_p95"]
COLUMNS = [*KEY, "unit", *NUMBERS]
FINGERPRINT_DIGITS = 12
NO_REASON = "<why>"
# What moved with each change of the agreed numbers: the day, the first digits of their checksum, and each number that
# is not as before; `before` is empty where a number is new, `after` where it is gone.
MOVED_SCHEMA = dict.fromkeys(("agreed_on", "golden", *KEY, "unit"), pl.String) | {
    "before": pl.Float64,
    "after": pl.Float64,
}


def golden_table(headline: pl.DataFrame) -> pl.DataFrame:
    """The columns of `results/headline.csv` that are agreed on, in its order."""
    return headline.select(COLUMNS)


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


def moves(before: pl.DataFrame, after: pl.DataFrame, sha256: str, agreed_on: str) -> pl.DataFrame:
    """The numbers that a change of the agreed ones moves, in their order, with those that are gone last.

    Args:
        before: the agreed numbers until then.
        after: those from then on.
        sha256: checksum of the file of these.
        agreed_on: the day.
    """
    was, now = (of.select(*KEY, "unit", "computed") for of in (before, after))
    both = now.join(was, on=KEY, how="full", coalesce=True, suffix="_before", maintain_order="left_right")
    same = (pl.col("computed") - pl.col("computed_before")).abs() <= RELATIVE_TOLERANCE * pl.col(
        "computed_before"
    ).abs()
    return both.filter(~same.fill_null(False)).select(
        agreed_on=pl.lit(agreed_on),
        golden=pl.lit(sha256[:FINGERPRINT_DIGITS]),
        study="study",
        quantity="quantity",
        unit=pl.coalesce("unit", "unit_before"),
        before="computed_before",
        after="computed",
    )
