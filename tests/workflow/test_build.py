"""A build from nothing: all targets, a readable end, nothing left to do. Its bytes: `test_elsewhere.py`."""

import csv
import json

import polars as pl
import pytest
from inference_energy.answers.packaged import TABLES as PACKAGED
from inference_energy.figures import registry
from inference_energy.headline import answers, page, summary
from inference_energy.publish.catalogue import PUBLIC_TABLES
from runs import copy_sources, figure_paths, run

STUDIES = {"arxiv-2025": "published", "joule-2026": "published", "current": "nested"}
TABLES = {file for table in PUBLIC_TABLES for file in table.files(STUDIES).values()}
TABLES |= {"benchmarks.duckdb", "corrections.csv", "validation/protocol.json"}
TABLES |= {f"validation/{kind}/held_out.parquet" for kind in ("source", "model", "gpu", "version")}
FIGURES = {f"{path}.{format}" for path in figure_paths(STUDIES, bridged=True) for format in registry.FORMATS}
PUBLISHED = {"inference_energy.duckdb", "inference_energy.xlsx", "datapackage.json", "methods.html"}
PUBLISHED |= {"answers.csv", "headline.html"}
PUBLISHED |= {f"csv/{table.name}.csv" for table in PUBLIC_TABLES}
PUBLISHED |= {
    "package/build.json",
    "factors.csv",
    "factors.json",
    "factors.parquet",
    *(f"comparison/{name}.parquet" for name in ("answer_points", "energy_by_answer_length", "measured_queries")),
}
PUBLISHED |= {f"package/{name}.parquet" for name in (*PACKAGED, "factors")}


def test_all_declared_results_exist(built, contents):
    expected = (
        TABLES | FIGURES | PUBLISHED | {"provenance.json", "dashboard.html", "page_library.js", "explanations.html"}
    )
    found = contents(built)
    assert set(found) == expected
    assert all(found.values()), "an empty file"


def test_titles_and_conditions_of_figures_have_two_lines_at_most(built):
    for path in figure_paths(STUDIES, bridged=True):
        title = json.loads((built / f"results/{path}.json").read_text())["title"]
        assert len(title["text"]) <= 2 and len(title["subtitle"]) <= 2, path


def test_a_run_ends_with_the_answers_in_eight_lines(built):
    lines = (built / "terminal.txt").read_text().splitlines()
    last = next(place for place, line in enumerate(lines) if line.startswith("Next: "))
    first = last - lines[last::-1].index("") + 1
    # The rows that the smaller project has left say something else of the power of boards than those of the tree.
    told = [line for line in lines[first : last + 1] if not line.startswith("resources/node_power.csv: ")]
    assert len(told) == 8
    with (built / "results/headline.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    found = answers.answers(rows, "current", "frontier")
    assert [line.startswith(f"current, frontier: {of.question}") for line, of in zip(told, found, strict=False)] == [
        True
    ] * 4
    assert all(f"  {of} " in line and f"  {of.statistic}, " in line for line, of in zip(told, found, strict=False))
    verdicts = [row["within"] for row in rows if row["within"]]
    assert told[4] == f"Reproduced: {verdicts.count('true')} of {len(verdicts)} printed values (`make table`)"
    assert told[5].startswith("Benchmarks: 19 sources, 4,059 rows accepted")
    assert told[5].endswith("21 errors and 13 warnings")
    assert told[6].startswith(f"Headline numbers: {len(rows)}")
    assert not any("Traceback" in line or line.startswith("Error") for line in lines)


def test_a_table_shows_published_beside_computed(built):
    with (built / "results/headline.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    lines = summary.table_lines(page.rows(built / "results/headline.csv"))
    assert {row["study"] for row in rows} == set(STUDIES)
    for row in rows:
        start = f"  {row['study']:<12}{row['label']} [{row['unit']}]"
        shown = [line for line in lines if line.startswith(start)]
        assert len(shown) == 1, start
        published, computed, _, verdict = shown[0].removeprefix(start).split()
        assert published == (f"{float(row['published']):.4g}" if row["published"] else "-")
        assert computed == f"{float(row['computed']):.4g}"
        assert verdict == {"true": "yes", "false": "NO", "": "-"}[row["within"]]
        # A printed value that is meant to be reproduced gets a verdict, everything else gets none.
        assert (verdict == "-") is (STUDIES[row["study"]] == "nested" or published == "-")


def test_current_estimates_have_an_interval_and_say_what_it_is_over(built):
    with (built / "results/headline.csv").open() as handle:
        rows = [row for row in csv.DictReader(handle) if row["study"] == "current"]
    assert {row["spread"] for row in rows} == {"queries", "shared uncertainty", ""}
    for row in rows:
        if row["spread"]:
            low, middle, high = (float(row[name]) for name in ("computed_p05", "computed", "computed_p95"))
            assert 0 < low < middle < high
        else:
            assert row["computed_p05"] == row["computed_p95"] == ""


def test_bridge_leads_from_the_published_numbers_to_the_current_ones(built):
    bridge = pl.read_parquet(built / "results/comparison/method_bridge.parquet")
    assert bridge["study"].n_unique() == bridge["step"].n_unique() == 10
    published = pl.read_parquet(built / "results/joule-2026/scenario_aggregates.parquet")
    energies = dict(published.select("scenario", "energy_gwh_per_day_mean").iter_rows())
    ends = bridge.filter(pl.col("step").is_in([1, 10]), quantity="mixed fleet: mean").sort("step")
    assert ends["before"][0] == energies["mixed"]
    current = pl.read_parquet(built / "results/current/scenario_aggregates.parquet")
    energies = dict(current.select("scenario", "energy_gwh_per_day_mean").iter_rows())
    assert ends["after"][1] == pytest.approx(energies["mixed"])
    for quantity in bridge.partition_by("quantity"):
        whole = quantity.sort("step")
        assert whole["factor"].product() == pytest.approx(whole["after"][-1] / whole["before"][0])


def test_no_benchmark_row_is_rejected(built):
    assert (built / "results/logs/rejected_rows.txt").read_text() == "0 rejected cells\n"


def test_second_run_has_nothing_to_do(copy):
    outcome = run(copy, "--cores", "1")
    assert outcome.returncode == 0
    assert "Nothing to be done" in outcome.stdout


def test_a_folder_with_braces_is_refused_in_one_line(tmp_path):
    folder = tmp_path / "{project}"
    copy_sources(folder)
    outcome = run(folder, "--cores", "1")
    assert outcome.returncode != 0
    assert outcome.stdout.splitlines()[-1] == (
        f"Error: {folder}: found braces, or signs that cannot be shown; allowed: no such path; rename it"
    )
