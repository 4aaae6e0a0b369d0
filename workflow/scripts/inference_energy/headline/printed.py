"""Printed values next to computed ones, with the verdict whether each is reproduced."""

import polars as pl

from inference_energy.common.errors import InputError, one_of

# Some sixty values are compared at once; at three standard errors about one in four hundred misses by chance.
STANDARD_ERRORS = 3
# The newest edition: what studies of another method are compared with.
REFERENCE_EDITION = "joule-2026"


def reproduced(published: pl.DataFrame, study: str, computed: pl.DataFrame) -> pl.DataFrame:
    """Published next to computed values, one row per printed value; another study gets its numbers alone.

    `tolerance` is half a unit of the last printed digit plus three standard errors of a run of the published
    size; `within` says whether the difference stays inside it, `same_digits` whether the computed value rounds
    to the printed one. A claim that prints no number has no verdict.

    `published` is a table of `PublishedValue`, `computed` the quantities of the study, from `quantities.evaluated`.

    Raises:
        InputError: a published value that names no computed quantity.
    """
    rows = published.filter(pl.col("study") == study)
    if rows.is_empty():
        rows = _unpublished(published, study).join(computed, on="quantity", how="semi", maintain_order="left")
    unknown = rows.join(computed, on="quantity", how="anti")
    if len(unknown):
        raise InputError(
            f"resources/published_values.csv: study {study}: unknown quantity {unknown['quantity'][0]!r};"
            f" allowed, among others: {one_of(computed['quantity'].to_list()[:5])}"
        )
    table = rows.join(computed.drop("label", "unit"), on="quantity", how="left", maintain_order="left")
    difference = (pl.col("computed") - pl.col("published")).abs()
    half = pl.col("resolution") / 2
    table = table.with_columns(
        relative_difference=pl.col("computed") / pl.col("published") - 1,
        tolerance=half + STANDARD_ERRORS * pl.col("sampling_se"),
    )
    # 1e-9: a value that lies on the edge of rounding, such as 8.5 printed as 8, counts as inside.
    table = table.with_columns(
        within=difference <= pl.col("tolerance") * (1 + 1e-9),
        same_digits=difference <= half * (1 + 1e-9),
    )
    by_chance = pl.format(
        "Rounds differently, by {} standard errors of the published 10,000 draws.",
        (difference / pl.col("sampling_se")).round(1),
    )
    unexplained = pl.col("note").is_null() & pl.col("within") & ~pl.col("same_digits")
    return table.with_columns(note=pl.when(unexplained).then(by_chance).otherwise("note"))


def _unpublished(published: pl.DataFrame, study: str) -> pl.DataFrame:
    """The rows that the first publication prints in its abstract, with nothing printed for this study."""
    first = published.filter((pl.col("study") == published["study"][0]) & (pl.col("locator") == "abstract"))
    empty = dict.fromkeys(("published", "resolution"), pl.Float64)
    empty |= dict.fromkeys(("published_source", "locator", "note"), pl.String)
    blank = {name: pl.lit(None, dtype) for name, dtype in empty.items()}
    return first.with_columns(study=pl.lit(study), **blank)


def compared(published: pl.DataFrame, study: str, computed: pl.DataFrame) -> pl.DataFrame:
    """Computed values next to those that the newest edition prints for the nearest question, without a verdict."""
    printed = published.filter(study=REFERENCE_EDITION).select(
        pl.col("quantity").alias("printed_as"), "published", "published_source", "locator"
    )
    return computed.join(printed, on="printed_as", how="left", maintain_order="left").with_columns(
        study=pl.lit(study),
        relative_difference=pl.col("computed") / pl.col("published") - 1,
        tolerance=pl.lit(None, pl.Float64),
        within=pl.lit(None, pl.Boolean),
        same_digits=pl.lit(None, pl.Boolean),
        note=pl.when(pl.col("published").is_not_null()).then(
            pl.lit("Not a reproduction; results/comparison/method_bridge.parquet says what makes the difference.")
        ),
    )
