"""What is published of a finished build: the same tables in every form, valid, traced, open to many readers."""

import json
import re
import subprocess
import sys

import duckdb
import frictionless
import openpyxl
import polars as pl
import pytest
from inference_energy.figures.registry import of_run
from inference_energy.publish import catalogue
from inference_energy.tables import public
from runs import ROOT, run

STUDIES = {"arxiv-2025": "published", "joule-2026": "published", "current": "nested"}


@pytest.fixture(scope="module")
def tables(built):
    return {table.name: public.read(table, built / "results", STUDIES) for table in catalogue.PUBLIC_TABLES}


@pytest.fixture(scope="module")
def database(built):
    with duckdb.connect(str(built / "results/inference_energy.duckdb"), read_only=True) as connection:
        yield connection


def test_database_has_every_row_of_every_study(tables, database):
    for name, frame in tables.items():
        assert database.execute(f'SELECT count(*) FROM "{name}"').fetchone() == (len(frame),), name
        assert [column[0] for column in database.execute(f'FROM "{name}" LIMIT 0').description] == frame.columns
    studies = database.execute("SELECT DISTINCT study FROM energy_per_query ORDER BY study").fetchall()
    assert [name for (name,) in studies] == sorted(STUDIES)


def test_curves_have_as_many_benchmark_rows_as_they_say(database):
    different = database.execute(
        """SELECT f.study, f.model, any_value(f.rows), count(v.row_id) FROM throughput_fit f
        LEFT JOIN benchmark_rows_behind_a_curve v ON v.study = f.study AND v.model = f.model
        GROUP BY f.study, f.model HAVING any_value(f.rows) <> count(v.row_id)"""
    ).fetchall()
    assert different == []


def test_every_measured_run_and_statement_leads_to_its_source(database):
    for view in ("measured_against_predicted", "statements_of_others_against_this_work"):
        assert database.execute(f"SELECT count(*) FROM {view} WHERE url IS NULL").fetchone() == (0,)


def test_database_is_read_while_others_read(built, database):
    path = str(built / "results/inference_energy.duckdb")
    code = f"import duckdb; print(duckdb.connect({path!r}, read_only=True).sql('FROM headline').fetchall().__len__())"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(outcome.stdout) == database.execute("SELECT count(*) FROM headline").fetchone()[0] > 0


def test_data_package_is_valid(built):
    report = frictionless.Package(str(built / "results/datapackage.json")).validate()
    assert report.flatten(["type", "note"]) == []
    assert len(report.tasks) == len(catalogue.PUBLIC_TABLES)


def test_data_package_with_a_broken_file_is_not(copy):
    file = copy / "results/csv/model.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, lines[-1]]) + "\n")
    package = frictionless.Package(str(copy / "results/datapackage.json"))
    found = package.get_resource("model").validate().flatten(["type", "rowNumber"])
    assert found == [["primary-key", len(lines) + 1]]


def test_workbook_has_the_numbers_of_the_tables(built, tables):
    book = openpyxl.load_workbook(built / "results/inference_energy.xlsx", read_only=True)
    cited = [table.name for table in catalogue.PUBLIC_TABLES if not table.drawn]
    assert book.sheetnames == ["Answers", "About", *cited, "Data dictionary", "Sources"]
    for name in ("headline", "energy_per_query", "fleet_plan"):
        head, units, *rows = book[name].iter_rows(values_only=True)
        frame = tables[name]
        assert list(head) == frame.columns
        assert rows == frame.rows()
        assert any(units)
    assert (built / "results/inference_energy.xlsx").stat().st_size < 5e6


def test_page_of_methods_shows_every_assumption_and_study(built):
    page = (built / "results/methods.html").read_text()
    code = [
        line
        for folder, pattern in (("workflow/scripts/inference_energy", "*.py"), ("config/studies", "*.yaml"))
        for file in (ROOT / folder).rglob(pattern)
        for line in file.read_text().splitlines()
        if re.match(r"[^\"`]*# ASSUME:", line)
    ]
    assert page.count('id="assume-') == len(code)
    assert all(f'id="study-{study}"' in page for study in (*STUDIES, "bridge-01", "bridge-09"))
    anchors = [part.split('"')[0] for part in page.split('id="')[1:]]
    assert len(anchors) == len(set(anchors)), "an anchor given twice"
    links = {part.split('"')[0] for part in page.split('href="#')[1:]}
    assert links <= set(anchors)


def test_page_of_headline_numbers_has_every_number(built, tables):
    page = (built / "results/headline.html").read_text()
    assert page.count('<th scope="row">') == len(tables["headline"])
    missed = tables["headline"].filter(pl.col("within").not_()).height
    assert page.count('class="changed"') == missed > 0


def test_the_report_shows_every_figure_under_its_label(copy):
    outcome = run(copy, "--cores", "1", "--report", "results/report.html")
    assert outcome.returncode == 0, outcome.stdout
    report = (copy / "results/report.html").read_text(encoding="utf-8")
    for figure, wildcards in of_run(STUDIES, bridged=True):
        if figure.category:
            label = (figure.label or figure.name.replace("_", " ")).format(**wildcards)
            assert f'"figure": "{label}"' in report, figure.name
            assert f"{figure.path.format(**wildcards)}.svg" in report
    assert "{workload}" not in report
    # It opens at once: the database and the workbook stay beside it.
    assert len(report.encode()) < 10_000_000
    assert "Excel workbook" not in report and ".duckdb" in report
    # The front page has the answers.
    answers = (copy / "results/answers.csv").read_text(encoding="utf-8").splitlines()
    intervals = [line.split(",")[-2] for line in answers[1:]]
    assert len(intervals) == 4 and all(json.dumps(f"<td>{of}</td>")[1:-1] in report for of in intervals)


def test_a_file_that_lacks_a_column_is_told_and_nothing_is_lost(copy, contents):
    file = copy / "results/current/sweeps.parquet"
    pl.read_parquet(file).drop("p50").write_parquet(file)
    before = contents(copy)
    targets = ("results/inference_energy.duckdb", "results/datapackage.json", "results/inference_energy.xlsx")
    outcome = run(copy, "--cores", "2", "--keep-going", "--rerun-triggers", "input", "mtime", "--", *targets)
    assert outcome.returncode != 0
    told = "Error: results/current/sweeps.parquet: column p50: missing; found: mean, p05, p95, parameter"
    assert outcome.stdout.count(told) >= 1
    assert contents(copy) == before
