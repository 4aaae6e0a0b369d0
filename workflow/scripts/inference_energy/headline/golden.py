"""Golden headline numbers: those agreed on, and what a change of them must say."""

import polars as pl

KEY = ["study", "quantity"]
NUMBERS = ["computed", "computed_p05", "computed_p95"]
COLUMNS = [*KEY, "unit", *NUMBERS]
FINGERPRINT_DIGITS = 12
NO_REASON = "<why>"


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
