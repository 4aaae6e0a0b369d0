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
# Every check that is made, in order of severity: its severity and its name for readers.
CHECKS = {
    "above_compute_limit": ("error", "above the GPU's peak arithmetic"),
    "above_memory_limit": ("error", "above its memory bandwidth"),
    "weights_do_not_fit": ("error", "weights larger than memory"),
    "same_figure_other_gpus": ("error", "one run, two GPU counts"),
    "unit_slip": ("error", "per GPU or of all GPUs?"),
    "power_above_rating": ("error", "power above the rating"),
    "board_power_impossible": ("error", "board power impossible"),
    "disaggregated_power_impossible": ("error", "power of other GPUs"),
    "energy_against_power": ("error", "energy differs from power"),
    "conflict": ("warning", "conflicting throughputs"),
    "stated_parameters": ("warning", "parameter count differs"),
    "precision_in_name": ("warning", "precision differs from name"),
    "refreshed_but_unchanged": ("warning", "refreshed, yet unchanged"),
    "registry_age": ("warning", "registry not checked for long"),
    "duplicate": ("info", "same run again"),
    "stale": ("info", "nothing newer for long"),
    "coverage_gap": ("info", "nothing measured"),
}


def findings(rows: pl.DataFrame, *, message: pl.Expr, **columns: pl.Expr | str | None) -> pl.DataFrame:
    """Findings in the common columns, one per row, each as serious as `CHECKS` says.

    Args:
        rows: the rows found; common columns that they have are kept, the others are null.
        message: one sentence for readers.
        columns: further common columns, among them `check` if the rows do not have it.
    """
    severities = {name: severity for name, (severity, _) in CHECKS.items()}
    made = rows.with_columns(
        message.alias("message"),
        **{name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in columns.items()},
    ).with_columns(severity=pl.col("check").replace_strict(severities, return_dtype=pl.String))
    return made.select(
        (pl.col(name) if name in made.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in FINDING.items()
    )


def rounded(number: str | pl.Expr, digits: int = 4) -> pl.Expr:
    """A number for a message, a column or an expression: a few significant digits."""
    value = pl.col(number) if isinstance(number, str) else number
    return value.round_sig_figs(digits).cast(pl.String).str.strip_suffix(".0")
