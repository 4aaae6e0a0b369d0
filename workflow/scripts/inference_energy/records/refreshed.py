"""What a newer file of a known source changes: rows added, changed and gone."""

import polars as pl

from inference_energy.records.diff import TableChange, table_change

SHOWN = 5
PLACE = ("file", "line")


def change_lines(before: dict[str, pl.DataFrame], now: dict[str, pl.DataFrame]) -> list[str]:
    """Differences between two readings of a file, a line per table and a few rows of each kind.

    The readings have text cells with `row_id`, by table of the corpus.
    """
    lines = []
    for table in sorted(before.keys() | now.keys()):
        old, new = (_cells(tables.get(table)) for tables in (before, now))
        change = table_change(old, new, ["row_id"])
        counts = {"added": change.added, "changed": _changed(change), "gone": change.removed}
        told = ", ".join(f"{len(rows)} {kind}" for kind, rows in counts.items())
        lines.append(f"{table}: {change.rows_before} rows before, {change.rows} now: {told}")
        for kind, rows in counts.items():
            lines += [f"  {kind}: {row}" for row in rows[:SHOWN]]
            if len(rows) > SHOWN:
                lines.append(f"  {kind}: and {len(rows) - SHOWN} more")
    return lines


def _cells(rows: pl.DataFrame | None) -> pl.DataFrame:
    if rows is None:
        return pl.DataFrame(schema={"row_id": pl.String})
    return rows.drop(PLACE, strict=False)


def _changed(change: TableChange) -> list[str]:
    """Rows in both, each with the cells that differ."""
    cells = change.texts.with_columns(
        pl.format("{} {} -> {}", "column", *(pl.col(name).fill_null("-") for name in ("before", "now"))).alias("cell")
    )
    rows = cells.group_by("row", maintain_order=True).agg(pl.col("cell").str.join(", "))
    return [f"{row}: {told}" for row, told in rows.iter_rows()]
