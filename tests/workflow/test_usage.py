"""Statements of the shipped example: the same for any number of jobs, whole, and left alone by faults."""

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from inference_energy.statement import wording
from inference_energy.statement.coefficients import QUANTITIES
from runs import STATEMENT, dry_run, planned, replace, run
from usage_formats import EXAMPLES

EXAMPLE = "config/usage/example.yaml"
LOG = "resources/usage_example/chat/day=2026-03-31/requests.csv"
FOLDER = Path("results/usage/example")
USAGE = ("--config", "usage=example")


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of the statement by name, those of single jobs left out."""
    return {path.name: path.read_bytes() for path in sorted((folder / FOLDER).iterdir()) if path.is_file()}


@pytest.fixture
def mine(stated: Path, tmp_path: Path) -> Path:
    """The build with the statement in a folder of its own, to change at will."""
    return Path(shutil.copytree(stated, tmp_path / "mine", symlinks=True))


def test_a_statement_is_whole(stated):
    told = r"^example: [\d.,]+ [kM]?Wh \([\d.,]+–[\d.,]+\) for 20,270,530 requests, expected value \(P5–P95\): "
    assert re.search(told, (stated / "terminal.txt").read_text(), flags=re.MULTILINE)
    statement = pl.read_parquet(stated / FOLDER / "statement.parquet")
    csv = pl.read_csv(stated / FOLDER / "statement.csv", schema_overrides=statement.schema)
    assert csv.equals(statement)
    book = openpyxl.load_workbook(stated / FOLDER / "statement.xlsx", read_only=True)
    assert book.sheetnames[0] == "Answers"
    assert {"statement", "inventory", "disclosures", "steps", "factors", "evidence", "files"} <= set(book.sheetnames)
    plain = json.loads((stated / FOLDER / "statement.json").read_text())
    assert plain["about"]["organisation"] == "Example Ltd, made up"
    assert plain["tables"]["statement"] == statement.to_dicts()
    total = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)
    by_model = statement.filter(pl.col("breakdown") == "model")
    assert by_model["energy_kwh_mean"].sum() == pytest.approx(total["energy_kwh_mean"])
    metered = pl.read_parquet(stated / FOLDER / "metered.parquet")
    assert metered["energy_kwh_mean"].sum() == pytest.approx(total["energy_kwh_mean"])
    for page in ("statement.html", "statement.md"):
        text = (stated / FOLDER / page).read_text()
        for said in (
            "A made-up service",
            "Example Ltd, made up",
            "20,270,530",
            "Scope 3, category 1",
            "SCI",
            "United States (USA)",
            "wind contract of the example",
            "Training",
        ):
            assert said in text, (page, said)
    rows = next(iter(json.loads((stated / FOLDER / "models.json").read_text())["datasets"].values()))
    assert [row["model"] for row in rows] == by_model.sort("energy_kwh_mean", descending=True)["model"].to_list()


def test_a_total_is_its_expected_value_wherever_it_is_told(stated):
    """Page, Markdown, workbook, JSON, terminal and figures tell amounts of the tables, with one statistic."""
    folder = stated / FOLDER
    statement, capacity, inventory = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("statement", "capacity", "inventory")
    )
    known = {wording.interval(row, row["unit"]) for row in capacity.to_dicts()}
    for name, unit in QUANTITIES.items():
        known |= {wording.quantity(row, name, unit) for row in statement.to_dicts()}
    known |= {wording.quantity(row, "kgco2e", "kg CO2e", wording.LEDGER) for row in inventory.to_dicts()}
    total = statement.row(by_predicate=pl.col("breakdown") == "total", named=True)
    energy = wording.quantity(total, "energy_kwh", "kWh")
    median = wording.interval({"mean": total["energy_kwh_p50"], "p05": 0.0, "p95": 0.0}, "kWh")
    assert energy.split(" (")[0] != median.split(" (")[0]  # another statistic would be seen

    book = openpyxl.load_workbook(folder / "statement.xlsx", read_only=True)
    cells = [str(cell.value) for row in book["Answers"].iter_rows() for cell in row if cell.value]
    titles = [json.loads((folder / f"{name}.json").read_text())["title"] for name in ("power", "models")]
    units = "|".join(sorted({name for of in wording.SCALES.values() for _, name in of} | set(capacity["unit"])))
    amounts = re.compile(rf"[\d.,e-]+ (?:{units}) \([\d.,e-]+–[\d.,e-]+\)")
    page = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", (folder / "statement.html").read_text(), flags=re.DOTALL)
    places = {
        "page": html.unescape(page),
        "Markdown": (folder / "statement.md").read_text(),
        "workbook": "\n".join(cells),
        "JSON": json.loads((folder / "statement.json").read_text())["answers"][3]["answer"],
        "terminal": (stated / "terminal.txt").read_text(),
        "figure": " ".join(" ".join(of["text"]) for of in titles).replace("\u00a0", " "),
    }
    for place, text in places.items():
        assert energy in text, place
        assert ("expected value" in text) is (place != "figure"), place
        assert " to ".join(energy.split("–")) not in text
        told = set(amounts.findall(text))
        assert told and told <= known, (place, told - known)
    subtitles = " ".join(" ".join(of["subtitle"]) for of in titles)
    assert subtitles.count("expected value") == 2 and "median" not in subtitles


def test_files_of_all_formats_give_a_statement_without_a_usage_file(mine):
    for number, example in enumerate(EXAMPLES):
        example.write(mine / "mixed", name=f"{number}/{example.name}")
    (mine / "mixed/notes.txt").write_text("Ask Kim.\n")
    line = [sys.executable, "workflow/scripts/recognise_usage.py", "--", "mixed"]
    recognised = subprocess.run(line, cwd=mine, capture_output=True, text=True, check=True)
    assert recognised.stdout == "mixed\n"
    assert "notes.txt: not read: found no columns" in recognised.stderr
    outcome = run(mine, "--cores", "2", "statement", "--config", "usage=['mixed']", "usage_folder=['mixed']")
    assert outcome.returncode == 0, outcome.stdout
    folder = mine / "results/usage/mixed"
    total = pl.read_parquet(folder / "statement.parquet").row(by_predicate=pl.col("breakdown") == "total", named=True)
    assert total["input_tokens"] == sum(example.prompt for example in EXAMPLES)
    assert total["output_tokens"] == sum(example.answer for example in EXAMPLES)
    kinds = pl.read_parquet(folder / "kinds.parquet")
    assert {"embedding", "failure", "cache_hit", "repeated", "no request", "batch"} <= set(kinds["kind"])
    for page in ("statement.html", "statement.md"):
        text = (folder / page).read_text()
        for said in (
            "average of the world",
            "notes.txt",
            "Embeddings, not estimated",
            "counted once",
            "of tokens at most may be counted twice",
            "the number of requests is not stated in",
        ):
            assert said in text, (page, said)


def test_folders_and_files_may_have_any_name_but_braces(mine):
    before = pl.read_parquet(mine / FOLDER / "statement.parquet")
    folder = mine / "it's \"2\" $HOME; [1] * & 'logs'"
    shutil.copytree(mine / "resources/usage_example", folder)
    names = ("-rf $HOME;&.csv", "name[1] 'q' \"d\" %s *?.csv", "{usage}.csv")
    renamed = []
    for log, name in zip(sorted(folder.glob("chat/*/*.csv")), names, strict=True):
        renamed.append(log.rename(log.with_name(name)))
    # As make gives it.
    given = "usage_folder=['" + str(folder.relative_to(mine)).replace("'", "''") + "']"
    refused = run(mine, "--cores", "2", *STATEMENT, given)
    assert refused.returncode != 0
    assert refused.stdout.splitlines()[-1].endswith(
        "/{usage}.csv: found braces, or signs that cannot be shown; allowed: no such path; rename it"
    )
    assert pl.read_parquet(mine / FOLDER / "statement.parquet").equals(before)
    renamed[-1].rename(renamed[-1].with_name("2023.csv"))
    outcome = run(mine, "--cores", "2", *STATEMENT, given)
    assert outcome.returncode == 0, outcome.stdout
    assert pl.read_parquet(mine / FOLDER / "statement.parquet").equals(before)


def test_two_months_are_compared_by_cause(stated, tmp_path):
    command = [sys.executable, "workflow/scripts/compare_statements.py", "--"]
    sides = ["example@2026-03", "example@2026-04"]
    done = subprocess.run([*command, *sides, str(tmp_path)], cwd=stated, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Energy, expected value: from ")
    parts = pl.read_csv(tmp_path / "difference.csv")
    for (_,), of in parts.group_by("quantity"):
        assert of["difference"].sum() == pytest.approx(of["after"][0] - of["before"][0])
    months = pl.read_parquet(stated / FOLDER / "statement.parquet").filter(pl.col("breakdown") == "month").sort("month")
    energies = parts.filter(pl.col("quantity") == "energy_kwh").select("before", "after").row(0)
    assert energies == pytest.approx(tuple(months["energy_kwh_mean"]))
    endings = ("csv", "html", "json", "md", "png", "svg")
    assert {path.name for path in tmp_path.iterdir()} == {f"difference.{ending}" for ending in endings}
    missing = subprocess.run([*command, "none", sides[0], str(tmp_path)], cwd=stated, capture_output=True, text=True)
    assert missing.returncode == 1
    assert missing.stderr.startswith("Error: A: found 'none', but no statement in results/usage/none")


def test_any_number_of_jobs_gives_the_same_bytes(mine):
    before = files_of(mine)
    outcome = run(mine, "--cores", "2", *STATEMENT, "usage_shards=3")
    assert outcome.returncode == 0, outcome.stdout
    assert outcome.stdout.count("rule meter_usage:") == 3
    assert files_of(mine) == before


def test_edits_redo_what_rests_on_them_and_nothing_of_the_whole_build(mine):
    target = (str(FOLDER / "statement.html"), *USAGE)
    replace(mine / EXAMPLE, "peak_load: 0.8", "peak_load: 0.5")
    redone = planned(mine, *target)
    assert "usage_energy example" in redone
    assert not any(job.startswith(("meter_usage", "gather_usage")) for job in redone)
    (mine / LOG).write_text((mine / LOG).read_text().replace(",sales,", ",support,", 1))
    assert "meter_usage example 0001 0001" in planned(mine, *target)
    assert planned(mine) == set()


def test_faults_leave_the_last_statement_alone(mine):
    before = files_of(mine)
    text = (mine / LOG).read_text()
    (mine / LOG).write_text(text.replace(",eu\n", ",eu\n2026-03-31T00:00:00+02:00,gpt-oss-120b,-5,0,,sales,eu\n", 1))
    outcome = run(mine, "--cores", "2", *STATEMENT)
    assert outcome.returncode == 1
    last = outcome.stdout.splitlines()[-1]
    assert last.startswith(f"Error: {LOG}: input_tokens (column prompt_tokens): 1 of 151 rows are negative, such as")
    assert last.endswith("(and 2 more such faults)")
    assert files_of(mine) == before
    replace(mine / EXAMPLE, "step_minutes: 60", "step_minutes: 60\ninvalid_rows: leave_out")
    replace(mine / EXAMPLE, "unknown: {class: large} # or fail, or leave_out", "unknown: fail")
    outcome = run(mine, "--cores", "2", *STATEMENT)
    assert outcome.returncode == 1
    share = r"\([\d.]+% of tokens\)"  # the smaller project does not know the first of these models either
    names = f"'Qwen3-235B-A22B' {share}, 'house-assistant' {share}"
    told = f"Error: {EXAMPLE}: models: 2 of 7 names are not known: {names}; allowed: "
    assert re.match(told, outcome.stdout.splitlines()[-1]), outcome.stdout
    assert pl.read_parquet(mine / FOLDER / "files.parquet")["rows_left_out"].sum() == 1
    after = files_of(mine)
    assert {name for name in after if after[name] != before[name]} <= {"files.parquet", "kinds.parquet", "sums.parquet"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "study: current",
            "study: joule-2026",
            "study: found 'joule-2026' of method published; allowed: one of method nested",
        ),
        ("files: [chat]", "files: [chats]", "logs.chat.files: found no file for 'chats' in resources/usage_example"),
    ],
)
def test_a_wrong_usage_file_is_told_before_anything_runs(mine, old, new, told):
    replace(mine / EXAMPLE, old, new)
    outcome = dry_run(mine, *STATEMENT)
    assert outcome.returncode == 1
    line = outcome.stdout.strip().splitlines()[-1]
    assert line.startswith(f"Error: {EXAMPLE}: ")
    assert told in line, outcome.stdout
