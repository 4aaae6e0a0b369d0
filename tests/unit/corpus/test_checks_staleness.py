"""Rows that nothing newer followed, and refreshes that changed nothing."""

import polars as pl
import pytest
from check_rows import rows_of, sources, throughput
from inference_energy.corpus.checks.staleness import refreshed_but_unchanged, registry_age, stale


def days(published_on, read_on):
    """Age as it is reported; every age of at least a day is."""
    return stale(throughput({"published_on": published_on}), sources({"read_on": read_on}), 0)["found"].item()


@pytest.mark.parametrize(
    ("published_on", "read_on", "age"),
    [
        ("2025-01-10", "2025-01-31", 21),
        ("2025-01", "2025-02-01", 1),  # the month counts as its last day
        ("2024-02", "2024-03-10", 10),  # 29 February
        ("2023-12", "2024-01-01", 1),
        ("2024", "2025-01-31", 31),  # the year counts as 31 December
        ("2025-01-10", "2025-02", 49),  # 21 days of January, 28 of February
        ("2024-12-31", "2025", 365),
    ],
)
def test_age_of_dates_known_to_the_day_month_or_year(published_on, read_on, age):
    assert days(published_on, read_on) == age


@pytest.mark.parametrize(("published_on", "raised"), [("2025-01-01", []), ("2024-12-31", ["0"])])
def test_row_exactly_at_the_limit_is_not_stale(published_on, raised):
    # 2025-01-01 to 2026-01-01 are 365 days.
    assert rows_of(stale(throughput({"published_on": published_on}), sources({}), 365)) == raised


def test_stale_finding_says_what_is_how_old():
    finding = stale(throughput({"published_on": "2024-12-31"}), sources({}), 365).row(0, named=True)
    assert (finding["severity"], finding["found"], finding["expected"], finding["unit"]) == ("info", 366, 365, "days")
    assert finding["message"] == (
        "the newest throughput of Llama 3.1 70B on H100 SXM 80GB is of 2024-12-31, 366 days before 2026-01-01"
    )


@pytest.mark.parametrize(("read_on", "raised"), [("1999-12-31", []), ("2002-06-01", ["0"]), ("2099-01-01", ["0"])])
def test_age_counts_to_the_newest_reading_and_not_to_today(read_on, raised):
    rows = throughput({"published_on": "1999-06-01"})
    read = sources({"read_on": "1999-07-01"}, {"read_on": read_on})
    assert rows_of(stale(rows, read, 365)) == raised


def test_only_the_newest_row_of_a_model_and_gpu_counts():
    old, new = {"published_on": "2020-01-01"}, {"published_on": "2025-12-01"}
    other_gpu = old | {"gpu": "A100 SXM 80GB"}
    other_model = old | {"model": "Llama 2 70B"}
    assert rows_of(stale(throughput(new, old, other_gpu, other_model), sources({}), 365)) == ["3", "2"]


def test_row_known_to_the_year_is_newer_than_one_of_its_march():
    # 2025 counts as 31 December 2025: 181 days before 30 June 2026.
    rows = throughput({"published_on": "2025"}, {"published_on": "2025-03"})
    assert stale(rows, sources({"read_on": "2026-06-30"}), 365).is_empty()


SAME = {"previous_sha256": "same", "previous_read_on": "2025-01-01"}


def test_file_read_again_later_with_the_same_bytes_is_raised():
    finding = refreshed_but_unchanged(sources(SAME)).row(0, named=True)
    assert (finding["source"], finding["file"], finding["severity"]) == ("a", "a.csv", "warning")
    assert "read on 2025-01-01 and again on 2026-01-01" in finding["message"]


@pytest.mark.parametrize(
    "changed",
    [
        {"previous_sha256": "other"},
        {"previous_read_on": "2026-01-01"},  # the same day
        {"previous_sha256": None, "previous_read_on": None},  # never refreshed
    ],
)
def test_changed_or_never_refreshed_file_is_not_raised(changed):
    assert refreshed_but_unchanged(sources(SAME | changed)).is_empty()


def aged(*dates, read_on="2026-01-01", after_days=90):
    return registry_age({"models.csv": pl.Series(dates, dtype=pl.String)}, sources({"read_on": read_on}), after_days)


def test_registry_whose_newest_row_is_older_than_the_limit():
    # 2025-10-02 to 2026-01-01 are 29 + 30 + 31 + 1 = 91 days.
    finding = aged("2024-01-01", "2025-10-02").row(0, named=True)
    assert (finding["check"], finding["severity"]) == ("registry_age", "warning")
    assert (finding["found"], finding["expected"], finding["unit"]) == (91, 90, "days")
    assert finding["message"] == (
        "the newest row of models.csv is of 2025-10-02, 91 days before 2026-01-01: are models or GPUs missing?"
    )


@pytest.mark.parametrize(
    "dates",
    [
        ("2025-10-03",),  # 90 days
        ("2024-01-01", "2025-10"),  # the month counts as its last day
        ("2024-06-01", "2025"),
        ("2026-06-01",),  # newer than every source
        (),
    ],
)
def test_registry_that_is_not_old(dates):
    assert aged(*dates).is_empty()


def test_every_old_registry_is_named():
    registries = {
        "models.csv": pl.Series(["2020"]),
        "new.csv": pl.Series(["2025-12-31"]),
        "gpus.csv": pl.Series(["2021"]),
    }
    found = registry_age(registries, sources({}), 90)
    assert [message.split()[4] for message in found["message"]] == ["models.csv", "gpus.csv"]
