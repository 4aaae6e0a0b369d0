"""Statements of the shipped example: the same for any number of jobs, whole, and left alone by faults."""

import json
import os
import re
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from runs import planned, replace, run

EXAMPLE = "config/usage/example.yaml"
LOG = "resources/usage_example/chat/day=2026-03-31/requests.csv"
FOLDER = "results/usage/example"
ASKED = ("statement", "--cores", "2", "--config", "usage=example")


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of the statement by name, those of single jobs left out."""
    found = (path for path in sorted((folder / FOLDER).iterdir()) if path.is_file())
    return {path.name: path.read_bytes() for path in found}


@pytest.fixture
def stated(copy):
    """A finished build with the statement of the example."""
    outcome = run(copy, *ASKED)
    assert outcome.returncode == 0, outcome.stdout
    return copy, outcome.stdout


def test_statement_is_whole_and_the_same_for_any_number_of_jobs(stated):
    folder, printed = stated
    first = files_of(folder)
    assert re.search(
        r"^example: [\d.,]+ k?Wh \([\d.,]+ to [\d.,]+\) for 11,830 requests: ", printed, flags=re.MULTILINE
    )
    statement = pl.read_parquet(folder / FOLDER / "statement.parquet")
    csv = pl.read_csv(folder / FOLDER / "statement.csv", schema_overrides=statement.schema)
    assert csv.equals(statement)
    book = openpyxl.load_workbook(folder / FOLDER / "statement.xlsx", read_only=True)
    assert {"statement", "capacity", "steps", "factors", "evidence", "files", "Data dictionary"} <= set(book.sheetnames)
    total = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)
    parts = statement.filter(pl.col("breakdown") == "model")
    assert parts["energy_kwh_mean"].sum() == pytest.approx(total["energy_kwh_mean"])
    for page in ("statement.html", "statement.md"):
        text = first[page].decode()
        assert "A made-up service" in text
        assert "11,830" in text
        for place in ("United States (USA)", "wind contract of the example", "Training and fine-tuning"):
            assert place in text, (page, place)
    outcome = run(folder, *ASKED, "usage_shards=3")
    assert outcome.returncode == 0, outcome.stdout
    assert outcome.stdout.count("rule meter_usage:") == 3
    assert files_of(folder) == first


def test_edits_redo_what_rests_on_them(stated):
    folder, _ = stated
    target = f"{FOLDER}/statement.html"
    asked = (target, "--config", "usage=example")
    assert planned(folder, *asked) == set()
    replace(folder / EXAMPLE, "peak_load: 0.8", "peak_load: 0.5")
    redone = planned(folder, *asked)
    assert "usage_energy example" in redone
    assert not any(job.startswith(("meter_usage", "gather_usage")) for job in redone)
    os.utime(folder / LOG)
    text = (folder / LOG).read_text()
    (folder / LOG).write_text(text.replace(",sales,", ",support,", 1))
    assert "meter_usage example 0001 0001" in planned(folder, *asked)
    assert planned(folder) == set(), "a usage is no part of the whole build unless it is asked for"


def test_a_bad_log_leaves_the_last_statement_alone(stated):
    folder, _ = stated
    before = files_of(folder)
    text = (folder / LOG).read_text()
    (folder / LOG).write_text(text.replace(",eu\n", ",eu\n2026-03-31T00:00:00+02:00,gpt-oss-120b,-5,0,,sales,eu\n", 1))
    outcome = run(folder, *ASKED)
    assert outcome.returncode == 1
    last = outcome.stdout.splitlines()[-1]
    assert last.startswith(
        f"Error: {LOG}: input_tokens (column prompt_tokens): 1 of 151 rows are negative, such as '-5'"
    )
    assert last.endswith("(and 2 more such faults)")
    assert files_of(folder) == before
    replace(folder / EXAMPLE, "step_minutes: 60", "step_minutes: 60\ninvalid_rows: leave_out")
    outcome = run(folder, *ASKED)
    assert outcome.returncode == 0, outcome.stdout
    files = pl.read_parquet(folder / FOLDER / "files.parquet")
    assert files["rows_left_out"].sum() == 1
    assert "1 left out" in (folder / FOLDER / "statement.md").read_text()


def test_unknown_models_are_told_with_their_share(stated):
    folder, _ = stated
    before = files_of(folder)
    replace(folder / EXAMPLE, "unknown: {class: large} # or fail, or leave_out", "unknown: fail")
    outcome = run(folder, *ASKED)
    assert outcome.returncode == 1
    assert re.match(
        rf"Error: {EXAMPLE}: models: 1 of 7 names are not known: 'house-assistant' \([\d.]+% of tokens\); allowed: ",
        outcome.stdout.splitlines()[-1],
    ), outcome.stdout
    assert files_of(folder) == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("step_minutes: 60", "step_minutes: 7", "step_minutes: found 7; allowed: a divisor of 1440, a day"),
        ("step_minutes: 60", "steps: 7", "top level: unknown key steps; allowed: bills, boundary, "),
        ("study: current", "study: joule-2026", "study: found 'joule-2026' of method published with throughput form"),
        ("study: current", "study: none", "studies: no study 'none'"),
        ("files: [chat]", "files: [chats]", "logs.chat.files: found no file for 'chats' in resources/usage_example"),
        ("time_unit: ms #", "time_unit: weeks #", "logs.agents.time_unit: found 'weeks'; allowed: 'ms', 'ns', 's' or"),
        ("pue: 1.12", "pue: 0.9", "regions.eu.pue: found 0.9; allowed: a number >= 1"),
        ("    market_source: wind contract of the example, made up\n", "", "regions.eu: "),
    ],
)  # fmt: skip
def test_a_wrong_usage_file_is_told_before_anything_runs(built, tmp_path, old, new, told):
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Snakefile", "config", "workflow", "pyproject.toml", "resources"):
        target = built / name
        if name == "config":
            (folder / name).mkdir()
            for path in target.rglob("*.yaml"):
                place = folder / path.relative_to(built)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(path.read_bytes())
        else:
            (folder / name).symlink_to(target)
    replace(folder / EXAMPLE, old, new)
    outcome = run(folder, *ASKED, "--dry-run")
    assert outcome.returncode == 1
    line = outcome.stdout.strip().splitlines()[-1]
    assert told in line, outcome.stdout
    assert line.startswith("Error: ")


def test_figures_are_of_the_tables(stated):
    folder, _ = stated
    power = json.loads((folder / FOLDER / "power.json").read_text())
    assert "kW" in json.dumps(power["title"]) or " W" in json.dumps(power["title"])
    models = json.loads((folder / FOLDER / "models.json").read_text())
    (rows,) = models["datasets"].values()
    statement = pl.read_parquet(folder / FOLDER / "statement.parquet")
    assert [row["model"] for row in rows] == (
        statement.filter(pl.col("breakdown") == "model").sort("energy_kwh_p50", descending=True)["model"].to_list()
    )
