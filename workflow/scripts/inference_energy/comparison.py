"""Published against computed: one row per printed value, with an honest verdict."""

import numpy as np
import polars as pl

from inference_energy.errors import InputError, like, one_of

# Some fifty values are compared at once; at three standard errors about one in four hundred misses by chance.
STANDARD_ERRORS = 3
# The newest edition: what studies of another method are set beside.
REFERENCE_EDITION = "joule-2026"


def computed_quantities(
    *,
    study: dict,
    draws: int,
    energy: pl.DataFrame,
    interventions: pl.DataFrame,
    scenarios: pl.DataFrame,
    estimates: pl.DataFrame,
) -> pl.DataFrame:
    """Every number of one study that a publication could print, by name.

    Returns:
        `quantity`, `computed`, `sampling_se`: standard error of that number in a run of the size that the
        publication used (`as_published.draws_per_model`); and for medians of energies and for fleets the P5 and P95 and
        what they are over: `computed_p05`, `computed_p95`, `spread`.

    Raises:
        InputError: `compared_estimates` names an estimate that is not there.
    """
    to_published = np.sqrt(draws / study["as_published"]["draws_per_model"])
    found: dict[str, tuple[float, float]] = {}
    intervals: dict[str, tuple[float, float, str]] = {}
    for row in energy.iter_rows(named=True):
        median = f"{row['workload']} {row['subject']} energy_wh_p50 {row['spread']}"
        intervals[median] = (row["energy_wh_p05"], row["energy_wh_p95"], "queries")
        for name in ("p05", "p25", "p50", "p75", "p95", "mean"):
            quantity = f"{row['workload']} {row['subject']} energy_wh_{name} {row['spread']}"
            found[quantity] = (row[f"energy_wh_{name}"], row[f"energy_wh_{name}_se"] * to_published)
    for row in interventions.iter_rows(named=True):
        named = f"{row['workload']} {row['lever']} energy_wh_p50 {row['spread']}"
        found[named] = (row["energy_wh_p50"], row["energy_wh_p50_se"] * to_published)
        group = "independent" if row["combination"] == "independent" else row["lever"]
        for name in ("p05", "p10", "p50", "p90", "p95"):
            found[f"{row['workload']} {group} multiplier_{name}"] = (row[f"multiplier_{name}"], 0.0)
    for workload in study["workloads"]:
        medians = interventions.filter(pl.col("workload") == workload, pl.col("combination") == "single")
        medians = medians["multiplier_p50"]
        found[f"{workload} single multiplier_p50 lowest"] = (medians.min(), 0.0)
        found[f"{workload} single multiplier_p50 highest"] = (medians.max(), 0.0)
    for row in scenarios.iter_rows(named=True):
        for name in ("p05", "p50", "p95", "mean", "p05_as_published", "p50_as_published", "p95_as_published"):
            quantity = f"{row['scenario']} energy_gwh_per_day_{name}"
            found[quantity] = (row[f"energy_gwh_per_day_{name}"], row["energy_gwh_per_day_published_se"])
        ends = (row["energy_gwh_per_day_p05"], row["energy_gwh_per_day_p95"], "what the fleet shares")
        intervals |= {f"{row['scenario']} energy_gwh_per_day_{name}": ends for name in ("p50", "mean")}
    subject = study["interventions"]["subject"]
    for spread in ("untrimmed", "as_published"):
        long, long_se = found[f"long {subject} energy_wh_p50 {spread}"]
        short, short_se = found[f"traditional {subject} energy_wh_p50 {spread}"]
        relative_se = np.hypot(long_se / long, short_se / short)
        found[f"long/traditional {subject} energy_wh_p50 {spread}"] = (
            long / short,
            long / short * relative_se,
        )
    medians = [study["workloads"][name]["output_tokens"]["median"] for name in ("long", "traditional")]
    found["long/traditional output_tokens_p50"] = (medians[0] / medians[1], 0.0)
    ours, ours_se = found[f"traditional {subject} energy_wh_p50 as_published"]
    ratios = _energies_wh(estimates, study["compared_estimates"]) / ours
    for name, ratio in (("lowest", ratios.min()), ("highest", ratios.max())):
        found[f"published_estimate/{subject} energy_wh_p50 {name}"] = (ratio, ratio * ours_se / ours)
    return pl.DataFrame(
        [(name, *values, *intervals.get(name, (None, None, None))) for name, values in found.items()],
        schema={
            "quantity": pl.String,
            "computed": pl.Float64,
            "sampling_se": pl.Float64,
            "computed_p05": pl.Float64,
            "computed_p95": pl.Float64,
            "spread": pl.String,
        },
        orient="row",
    )


def _energies_wh(estimates: pl.DataFrame, names: list[str]) -> pl.Series:
    known = dict(estimates.select(pl.format("{}/{}", "source", "row_id"), "energy_wh").iter_rows())
    for name in names:
        if name not in known:
            raise InputError(
                f"compared_estimates: found {name!r}; allowed: <source>/<row_id> of an estimate: {like(name, known)}"
            )
    return pl.Series([known[name] for name in names])


def headline(published: pl.DataFrame, computed: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Published beside computed, one row per printed value; a study of one's own gets its numbers alone.

    `tolerance` is half a unit of the last printed digit plus three standard errors of a run of the published
    size; `within` says whether the difference stays inside it, `same_digits` whether the computed value rounds
    to the printed one.

    Raises:
        InputError: a published value that names no computed quantity.
    """
    frames = []
    for study, quantities in computed.items():
        rows = published.filter(pl.col("study") == study)
        if rows.is_empty():
            rows = _unpublished(published, study)
        unknown = rows.join(quantities, on="quantity", how="anti")
        if len(unknown):
            raise InputError(
                f"resources/published_values.csv: study {study}: unknown quantity {unknown['quantity'][0]!r};"
                f" allowed, among others: {one_of(quantities['quantity'].to_list()[:5])}"
            )
        frames.append(rows.join(quantities, on="quantity", how="left", maintain_order="left"))
    difference = (pl.col("computed") - pl.col("published")).abs()
    half = pl.col("resolution") / 2
    table = pl.concat(frames).with_columns(
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
    return table.with_columns(
        pl.when(pl.col("note").is_null() & pl.col("within") & ~pl.col("same_digits"))
        .then(by_chance)
        .otherwise(pl.col("note"))
        .alias("note")
    )


def _unpublished(published: pl.DataFrame, study: str) -> pl.DataFrame:
    """The rows that the first publication prints in its abstract, with nothing printed for this study."""
    first = published.filter((pl.col("study") == published["study"][0]) & (pl.col("locator") == "abstract"))
    empty = {"published": pl.Float64, "resolution": pl.Float64}
    texts = ("published_source", "locator", "note")
    return first.with_columns(
        pl.lit(study).alias("study"),
        *(pl.lit(None, dtype=dtype).alias(name) for name, dtype in empty.items()),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in texts),
    )
