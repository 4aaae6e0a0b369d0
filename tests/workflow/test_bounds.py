"""Bounds of what users give, by the commands that they run: one short line, once, before any work where that can be."""

import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import duckdb
import polars as pl
import pytest
from inference_energy.records import made_of
from patience import HANGS_S
from runs import BENCHMARKS, ENVIRONMENT, ROOT, STATEMENT, copy_sources, replace, run, sign

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
        env=ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "1", "CORES": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS_S,
        check=False,
    )
    assert outcome.returncode == 2, outcome.stdout
    assert "Traceback" not in outcome.stdout
    assert len(outcome.stdout) < 6_000
    errors = [line for line in outcome.stdout.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, outcome.stdout
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
    error = make(folder)
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
    assert told in make(folder)
    assert not (folder / "ran").exists()


def test_a_failed_job_is_told_once_and_briefly(folder):
    replace(folder / BENCHMARKS, ",3732.4,", f",{LONG},")
    sign(folder)
    error = make(folder, "benchmarks")
    assert error.startswith(f"{BENCHMARKS} line 5 column throughput_tok_per_s: found 'xxx")
    assert "xxx'; allowed: a number; on_invalid: reject" in error
    assert len(error) < 1_000


USAGES = {
    "name of a usage": ({"USAGE": "x" * 3_000}, "config/config.yaml: usage.0: found 'xxx"),
    "folder": ({"USAGE": "example", "LOGS": "x" * 3_000}, f"{'x' * 250}... "),
    "long folder": ({"USAGE": "example", "LOGS": LONG}, "config/config.yaml: usage_folder.0: found a text of"),
}


@pytest.mark.parametrize("fault", USAGES)
def test_a_name_given_to_make_out_of_bounds(folder, fault):
    given, told = USAGES[fault]
    assert make(folder, "statement", *(f"{name}={value}" for name, value in given.items())).startswith(told)


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


def test_an_archive_names_its_packages_and_no_folder_of_the_machine(copy, tmp_path):
    for name in ("docs", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "SECURITY.md"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, copy / name)
    shutil.copy2(ROOT / "results/README.md", copy / "results")
    packing = [os.fspath(ROOT / ".venv/bin/python"), "workflow/scripts/archive_run.py"]
    outcome = subprocess.run(packing, cwd=copy, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    (archive,) = (copy / "archive").iterdir()
    with tarfile.open(archive) as members:
        name = archive.name.removesuffix(".tar.gz")
        bill = json.load(members.extractfile(f"{name}/sbom.cdx.json"))
        here = [str(path).encode() for path in (tmp_path, Path.home())]
        texts = [(member.name, members.extractfile(member).read()) for member in members]
    assert {"snakemake", "duckdb", "polars"} <= {component["name"] for component in bill["components"]}
    assert [name for name, content in texts if any(folder in content for folder in here)] == []
