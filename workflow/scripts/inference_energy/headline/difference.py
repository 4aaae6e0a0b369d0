"""Numbers of a study next to those of the study that it extends."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from inference_energy.headline import page
from inference_energy.studies.keys import StudyKey, read_lineage, study_keys

LONGEST = 60  # characters of a value in the terminal
NUMBERS = ("computed", "computed_p05", "computed_p95")


def difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """One row per number that both studies have, in the order of the second.

    `before` and `after` are from `quantities.evaluated`. Both studies draw the same of what they share, so that the
    ratio of their numbers has less sampling error than each of them.
    """

    def named(side: str) -> dict[str, pl.Expr]:
        return {side + name.removeprefix("computed"): pl.col(name) for name in NUMBERS}

    old = before.select("quantity", "unit", **named("before"))
    new = after.select("quantity", "label", "unit", "spread", **named("after"))
    found = new.join(old, on=["quantity", "unit"], how="inner", maintain_order="left")
    return found.with_columns(factor=pl.col("after") / pl.col("before"))


def run_end(study: str, parent: str | None, folder: Path, schema: dict) -> list[str]:
    """What the terminal shows at the end of a run of one study.

    Args:
        study: its name.
        parent: the study that it extends, if any.
        folder: of the study files.
        schema: of its method.
    """
    found = []
    if parent is not None:
        keys = study_keys(read_lineage(study, folder), schema)
        found = ["", *lines(study, parent, keys, Path(f"results/{study}/difference.csv"))]
    return [*found, "", f"Tables in results/{study}/, figures in results/figures/{study}/", ""]


def lines(study: str, parent: str, keys: Iterable[StudyKey], file: Path) -> list[str]:
    """What the terminal shows of a study: the keys that it sets anew, and its numbers next to those of its parent."""
    found = [f"Study {study} extends {parent}, with"]
    found += [f"  {'.'.join(key.keys)}: {_short(key.before)} -> {_short(key.value)}" for key in keys if key.changed]
    rows = page.rows(file)
    wide = max((len(page.labelled(row)) for row in rows), default=0) + 2
    found += ["", f"  {'':<{wide}}{parent:>12.12}  {study:>12.12}{'factor':>9}  P5 to P95"]
    for row in rows:
        before, after, low, high = (page.number(row[name]) for name in ("before", "after", "after_p05", "after_p95"))
        interval = f"{low} to {high}" if low and high else ""
        found.append(f"  {page.labelled(row):<{wide}}{before:>12}  {after:>12}{float(row['factor']):>9.3g}  {interval}")
    return found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 2]} …"
