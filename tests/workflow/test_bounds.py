"""Bounds of what users give, by the commands that they run: one short line, once, before any work where that can be."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import duckdb
import polars as pl
import pytest
from inference_energy.records import made_of
from patience import HANGS_S
from runs import BENCHMARKS, ENVIRONMENT, ROOT, STATEMENT, copy_sources, dry_run, replace, run, sign

EXAMPLE = "config/usage/example.yaml"
LOGS = "resources/usage_example"
LONG = "x" * 40_000


@pytest.fixture
def folder(tmp_path):
    """A project of which nothing is built, with the packages of this one."""
    copy_sources(tmp_path / "project")
    shutil.copy2(ROOT / "Makefile", tmp_path / "project")
    (tmp_path / "project/.venv").symlink_to(ROOT / ".venv")
    return tmp_path / "project"


def make(folder: Path, *arguments: str) -> str:
    """What a command prints that must fail; the packages are those that are installed, whatever the lock."""
    outcome = subprocess.run(
        ["make", "--old-file=requirements.lock", *arguments],
        cwd=folder,
        env=ENVIRONMENT | {"CORES": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS_S,
        check=False,
    )
    assert outcome.returncode == 2, outcome.stdout
    return the_error(outcome.stdout)


def planned(folder: Path, *arguments: str) -> str:
    """What a run prints that must fail before its first job."""
    outcome = dry_run(folder, *arguments)
    assert outcome.returncode == 1, outcome.stdout
    return the_error(outcome.stdout)


def the_error(printed: str) -> str:
    """The one short line that tells a fault, without what stands before every error."""
    assert "Traceback" not in printed
    assert len(printed) < 6_000
    errors = [line for line in printed.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, printed
    return errors[0].removeprefix("Error: ")


def study(folder: Path, text: str) -> None:
    (folder / "config/studies/own.yaml").write_text(text)
    replace(folder / "config/config.yaml", "  - current\n", "  - current\n  - own\n")


STUDIES = {
    "value": (f"extends: current\ntitle: {LONG}\n", "title: found a text of 40,000 characters; allowed: at most"),
    "value of few": (f"extends: current\nmethod: {LONG}\n", "xxx'; allowed: nested or published, or extends: another"),
    "key": (f"extends: current\n? {LONG}\n: 1\n", ": found a text of 40,000 characters; allowed: at most 10,000"),
    "keys": ("extends: current\n" + "".join(f"k{n}: 1\n" for n in range(5_000)), " characters left out) ..."),
    "nesting": (f"extends: current\ntitle: {'[' * 100_000}", "line 2: not valid YAML: nested deeper than 50 levels"),
    "path": ("extends: ../studies/current\n", "extends: found '../studies/current'; allowed: the name of one, "),
}


@pytest.mark.parametrize("fault", STUDIES)
def test_a_study_out_of_bounds(folder, fault):
    text, told = STUDIES[fault]
    study(folder, text)
    error = planned(folder)
    assert error.startswith("config/studies/own.yaml")
    assert told in error


CONFIGURATIONS = {
    "nesting": ("deep: " + "[" * 100_000, "not valid YAML: nested deeper than 50 levels"),
    "aliases": ("a: &a [x]\nb: [*a, *a]\n", "not valid YAML: alias *a is not allowed"),
    "code": (
        '__use_yte__: true\n?"a" + str(__import__("pathlib").Path("ran").touch()): 1\n',
        ": top level: unknown key ",
    ),
}


@pytest.mark.parametrize("fault", CONFIGURATIONS)
def test_a_configuration_out_of_bounds(folder, fault):
    text, told = CONFIGURATIONS[fault]
    config = folder / "config/config.yaml"
    config.write_text(config.read_text() + text)
    assert told in planned(folder)
    assert not (folder / "ran").exists()


def test_a_failed_job_is_told_once_and_briefly(folder):
    replace(folder / BENCHMARKS, ",3732.4,", f",{LONG},")
    sign(folder)
    error = make(folder, "benchmarks")
    assert error.startswith(f"{BENCHMARKS} line 5 column throughput_tok_per_s: found 'xxx")
    assert "xxx'; allowed: a number; on_invalid: reject" in error
    assert len(error) < 1_000


USAGES = {
    "name of a usage": (["x" * 3_000], [], "config/config.yaml: usage.0: found 'xxx"),
    "folder": (["example"], ["x" * 3_000], f"{'x' * 250}... "),
    "long folder": (["example"], [LONG], "config/config.yaml: usage_folder.0: found a text of"),
}


@pytest.mark.parametrize("fault", USAGES)
def test_a_name_of_a_usage_out_of_bounds(folder, fault):
    usage, logs, told = USAGES[fault]
    given = [f"usage={usage}", *([f"usage_folder={logs}"] if logs else [])]  # as make gives them
    assert planned(folder, "statement", "--config", *given).startswith(told)


def test_a_study_out_of_bounds_given_to_make(folder):
    text, told = STUDIES["key"]
    study(folder, text)
    assert told in make(folder)


def test_links_out_of_the_logs_are_named_before_anything_runs(folder, tmp_path):
    shutil.copytree(folder / LOGS, tmp_path / "logs")
    (tmp_path / "logs/chat/day=2026-04-02").symlink_to("/")
    (tmp_path / "logs/chat/loop").symlink_to("..")
    error = make(folder, "statement", "USAGE=example", f"LOGS={tmp_path}/logs")
    told = f"{tmp_path}/logs/chat/day=2026-04-02 -> / out of the folder {tmp_path}/logs; allowed: files in it, or "
    assert error == f"{EXAMPLE}: logs.chat.files: found the link {told}`links: follow`"
    assert not (folder / "results/usage").exists()


def contents(path: Path) -> list[bytes]:
    """What a file holds, unpacked."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return [book.read(name) for name in book.namelist()]
    if path.suffix == ".parquet":
        return [pl.read_parquet(path).write_json().encode()]
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
            return [repr(connection.execute(f'FROM "{name}"').fetchall()).encode() for name in names]
    return [path.read_bytes()]


def shared(folder: Path) -> list[Path]:
    """All results but logs, and records of what the results of this folder are made of."""
    found = (folder / "results").rglob("*")
    own = {folder / "results/logs", folder / made_of.FOLDER}
    return [path for path in sorted(found) if path.is_file() and not own & set(path.parents)]


def test_results_name_no_folder_of_the_machine(stated, tmp_path):
    """Logs from elsewhere, with links that are followed, and tenants whose names no cell of a workbook holds."""
    mine = Path(shutil.copytree(stated, tmp_path / "mine", symlinks=True))
    logs = Path(shutil.copytree(mine / LOGS, tmp_path / "elsewhere/logs"))
    day = logs / "chat/day=2026-04-01"
    text = (day / "requests.csv").read_text()
    (day / "requests.csv").write_text(text.replace(",sales,", f",{LONG}1,").replace(",support,", f",{LONG}2,"))
    day.rename(tmp_path / "elsewhere/day")
    day.symlink_to(tmp_path / "elsewhere/day")
    replace(mine / EXAMPLE, "step_minutes: 60", "step_minutes: 60\nlinks: follow")
    outcome = run(mine, "--cores", "2", *STATEMENT, f"usage_folder={logs}")
    assert outcome.returncode == 0, outcome.stdout
    assert outcome.stdout.count("tenant: 2 names of more than 200 characters are cut") == 1
    read = pl.read_parquet(mine / "results/usage/example/files.parquet")["file"].to_list()
    assert "chat/day=2026-04-01/requests.csv" in read
    assert all((logs / file).is_file() for file in read)
    tenants = pl.read_parquet(mine / "results/usage/example/statement.parquet")["tenant"].drop_nulls()
    assert tenants.str.len_chars().max() == 200
    files = shared(mine)
    assert {path.suffix for path in files} >= {".xlsx", ".parquet", ".duckdb", ".html", ".md", ".json", ".csv", ".svg"}
    here = [str(path).encode() for path in (tmp_path, ROOT, Path.home(), stated)]
    named = [path for path in files for part in contents(path) if any(folder in part for folder in here)]
    assert named == []
