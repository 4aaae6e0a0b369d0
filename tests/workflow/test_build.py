"""A build from nothing: all targets, a readable end, nothing left to do, the same bytes again."""

import csv
import shutil

from runs import copy_sources, planned, run

FIGURES = (
    "energy_per_query_traditional",
    "energy_per_query_long",
    "intervention_pathways",
    "fleet_scenarios",
    "token_lengths",
    "request_lengths",
    "throughput_fit",
    "published_against_computed",
)
BENCHMARK_FIGURES = ("coverage", "throughput_over_time", "checks_raised", "throughput_forms", "attainment")
SUFFIXES = ("svg", "png", "json")
STUDIES = ("arxiv-2025", "joule-2026")
TABLES = (
    "energy_density",
    "energy_per_query",
    "intervention_multipliers",
    "scenario_aggregates",
    "throughput_curve",
    "throughput_fit",
    "throughput_rows",
    "token_length_density",
    "token_length_quantiles",
)
VALIDATED = (
    "corrections",
    "hardware",
    "measured_energy",
    "models",
    "output_length_quantiles",
    "published_estimates",
    "request_lengths",
    "sources",
    "throughput",
)
OF_THE_CORPUS = {"benchmarks.duckdb", "benchmark_checks.parquet", "benchmark_sources.csv", "corrections.csv"} | {
    f"comparison/{name}.parquet"
    for name in (
        "throughput_configurations",
        "throughput_left_out",
        "throughput_forms",
        "attainment_pairs",
        "request_length_quantiles",
    )
}


def test_all_declared_results_exist(built, contents):
    expected = OF_THE_CORPUS | {"headline.csv"}
    expected |= {f"validated/{name}.parquet" for name in VALIDATED}
    expected |= {f"{study}/{name}.parquet" for study in STUDIES for name in TABLES}
    expected |= {f"figures/{study}/{figure}.{suffix}" for study in STUDIES for figure in FIGURES for suffix in SUFFIXES}
    expected |= {f"figures/benchmarks/{figure}.{suffix}" for figure in BENCHMARK_FIGURES for suffix in SUFFIXES}
    found = contents(built)
    assert set(found) == expected
    assert all(found.values()), "an empty file"


def test_terminal_shows_published_beside_computed_and_where_to_look_next(built):
    lines = (built / "terminal.txt").read_text().splitlines()
    with (built / "results/headline.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert {row["study"] for row in rows} == set(STUDIES)
    for row in rows:
        start = f"  {row['study']:<12}{row['label']} [{row['unit']}]"
        shown = [line for line in lines if line.startswith(start)]
        assert len(shown) == 1, start
        published, computed, _, verdict = shown[0].removeprefix(start).split()
        assert published == f"{float(row['published']):.4g}"
        assert computed == f"{float(row['computed']):.4g}"
        assert verdict == {"true": "yes", "false": "NO"}[row["within"]]
    assert sum(line.startswith("Next: ") for line in lines) == 1
    assert sum(line.startswith("Benchmarks: 12 sources, 3,535 rows accepted") for line in lines) == 1
    assert sum(line.startswith("Checks across rows: 6 cannot be true, 65 need a look") for line in lines) == 1
    assert not any("Traceback" in line or line.startswith("Error") for line in lines)


def test_no_benchmark_row_is_rejected(built):
    assert (built / "results/logs/rejected_rows.txt").read_text() == "0 rejected cells\n"


def test_second_run_has_nothing_to_do(copy):
    assert planned(copy) == set()
    outcome = run(copy, "--cores", "1")
    assert outcome.returncode == 0
    assert "Nothing to be done" in outcome.stdout


def test_second_build_gives_the_same_bytes(built, tmp_path, contents):
    folder = tmp_path / "again"
    copy_sources(folder)
    outcome = run(folder, "--cores", "1")
    assert outcome.returncode == 0, outcome.stdout
    first, second = contents(built), contents(folder)
    assert set(first) == set(second)
    different = [name for name in first if not name.endswith(".duckdb") and first[name] != second[name]]
    assert different == []
    shutil.rmtree(folder)
