"""Checks across the rows of the corpus: each reports what a reader must know; none rejects a row (`plausible` does)."""

from concurrent.futures import ThreadPoolExecutor

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
    dated = {
        "resources/models.csv": models["checked_on"],
        "resources/closed_models.csv": closed_models["assumed_on"],
        "resources/hardware.csv": hardware["checked_on"],
    }
    checks = (
        lambda: roofline.impossible(roofline.with_limits(throughput, models, hardware)),
        lambda: repeats.same_figure_other_gpus(throughput),
        lambda: unit_slips.unit_slips(throughput, limits["unit_slip_factor"]),
        lambda: consistency.power_above_rating(energy, hardware),
        lambda: repeats.conflicts(throughput, limits["conflict_factor"]),
        lambda: consistency.stated_parameters(throughput, models, limits["parameter_tolerance"]),
        lambda: findings(implausible, message=pl.col("message")),
        lambda: consistency.precision_in_name(throughput),
        lambda: staleness.refreshed_but_unchanged(sources),
        lambda: staleness.registry_age(dated, sources, int(limits["registry_stale_after_days"])),
        lambda: repeats.duplicates(throughput),
        lambda: staleness.stale(throughput, sources, int(limits["stale_after_days"])),
        lambda: coverage.gaps(throughput, energy, models, hardware),
    )
    # Most steps of a check keep one core busy, so two checks are made at a time.
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = pl.concat(pool.map(lambda check: check(), checks))
    order = pl.col("severity").cast(pl.Enum(SEVERITIES))
    return found.select(list(FINDING)).sort(order, "check", "source", "row_id", "file", "message", nulls_last=True)
