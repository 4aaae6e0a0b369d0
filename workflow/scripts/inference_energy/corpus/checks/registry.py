"""Checks across the rows of the corpus: each reports what a reader must know; none rejects a row (`plausible` does)."""

import polars as pl

from inference_energy.corpus.checks import consistency, coverage, repeats, roofline, staleness, unit_slips
from inference_energy.corpus.checks.finding import FINDING, SEVERITIES, findings


def benchmark_checks(
    *,
    throughput: pl.DataFrame,
    energy: pl.DataFrame,
    implausible: pl.DataFrame,
    sources: pl.DataFrame,
    models: pl.DataFrame,
    closed_models: pl.DataFrame,
    hardware: pl.DataFrame,
    limits: dict[str, float],
) -> pl.DataFrame:
    """All findings, the most serious first.

    `energy` are measured energies with the configuration of their runs, `implausible` those that are kept apart, and
    `limits` are `checks` of `config/config.yaml`.

    Returns:
        One row per finding, in the columns of `finding.FINDING`.
    """
    found = pl.concat(
        [
            roofline.impossible(roofline.with_limits(throughput, models, hardware)),
            repeats.same_figure_other_gpus(throughput),
            unit_slips.unit_slips(throughput, limits["unit_slip_factor"]),
            consistency.power_above_rating(energy, hardware),
            repeats.conflicts(throughput, limits["conflict_factor"]),
            consistency.stated_parameters(throughput, models, limits["parameter_tolerance"]),
            findings(implausible, message=pl.col("message")),
            consistency.precision_in_name(throughput),
            staleness.refreshed_but_unchanged(sources),
            staleness.registry_age(
                {
                    "resources/models.csv": models["checked_on"],
                    "resources/closed_models.csv": closed_models["assumed_on"],
                    "resources/hardware.csv": hardware["checked_on"],
                },
                sources,
                int(limits["registry_stale_after_days"]),
            ),
            repeats.duplicates(throughput),
            staleness.stale(throughput, sources, int(limits["stale_after_days"])),
            coverage.gaps(throughput, energy, models, hardware),
        ],
        how="vertical",
    )
    order = pl.col("severity").cast(pl.Enum(SEVERITIES))
    return found.select(list(FINDING)).sort(order, "check", "source", "row_id", "file", "message", nulls_last=True)
