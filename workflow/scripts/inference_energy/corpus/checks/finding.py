"""One finding of a check across rows: where, what was found, what it contradicts, how serious it is."""

import polars as pl

FINDING = {
    "check": pl.String,
    "severity": pl.String,
    "source": pl.String,
    "row_id": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "model": pl.String,
    "gpu": pl.String,
    "found": pl.Float64,
    "expected": pl.Float64,
    "unit": pl.String,
    "other_source": pl.String,
    "other_row_id": pl.String,
    "message": pl.String,
}
SEVERITIES = ["error", "warning", "info"]


def findings(
    rows: pl.DataFrame, *, severity: str, message: pl.Expr, check: str | None = None, **columns: pl.Expr | str | None
) -> pl.DataFrame:
    """Findings in the common columns, one per row.

    Args:
        rows: the rows found; common columns that they have are kept, the others are null.
        check: name of the check; if none, the rows have it.
        severity: `error` (cannot be true), `warning` (needs a look) or `info`.
        message: one sentence for readers.
        columns: further common columns.
    """
    made = rows.with_columns(
        message.alias("message"),
        *([] if check is None else [pl.lit(check).alias("check")]),
        pl.lit(severity).alias("severity"),
        **{name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in columns.items()},
    )
    return made.select(
        (pl.col(name) if name in made.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in FINDING.items()
    )


def rounded(number: str | pl.Expr, digits: int = 4) -> pl.Expr:
    """A number for a message, a column or an expression: a few significant digits."""
    value = pl.col(number) if isinstance(number, str) else number
    return value.round_sig_figs(digits).cast(pl.String).str.strip_suffix(".0")
