"""A build packed up, and repeated elsewhere, by somebody else, in a run that is killed ten times: the same bytes."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

from inference_energy.records import archive
from runs import ENVIRONMENT, ROOT, planned, run, started

STRANGE = 'it\'s a "new" 100 % $HOME; & #1'
STRAYS = ("password.txt", "results/notes.txt", "resources/benchmarks/private.csv", "workflow/scripts/own.py")
AGAIN = ("--cores", "1", "--rerun-incomplete")  # as `make CORES=1` runs it
KILLS = 10


def command(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the project, with the packages that are installed beside this one."""
    line = [ROOT / ".venv/bin/python", f"workflow/scripts/{name}.py", *arguments]
    return subprocess.run(line, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def test_a_build_packed_up_is_repeated_elsewhere_in_a_run_that_is_killed_ten_times(copy, tmp_path, contents):
    for document in (*archive.DOCUMENTS.values(), "Makefile", "SECURITY.md"):
        (copy / document).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / document, copy / document)
    for stray in STRAYS:
        (copy / stray).write_text("nobody's business\n")
    packed = _packed(copy)
    first = packed.read_bytes()
    assert _packed(copy).read_bytes() == first
    _names_its_packages_and_no_folder_of_the_machine(packed, tmp_path)
    with tarfile.open(packed) as members:
        assert len({member.mtime for member in members.getmembers()}) == 1
        members.extractall(tmp_path / "elsewhere")
    shutil.rmtree(copy)

    (unpacked,) = (tmp_path / "elsewhere").iterdir()
    assert not [stray for stray in STRAYS if (unpacked / stray).exists()]
    folder = unpacked.rename(tmp_path / STRANGE)
    verified = command(folder, "verify_results")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    expected = contents(folder)
    del expected["README.md"]  # a document, which no run makes
    shutil.move(folder / "results", folder / "published")

    (folder / ".venv").symlink_to(sys.prefix)
    somebody = {
        "environment": _language(tmp_path) | {"TZ": "Pacific/Chatham"},
        "without": ("HOME",),
        "python": folder / ".venv/bin/python",
    }
    before = os.umask(0o077)
    try:
        _kill(folder, lambda printed: started(folder, *AGAIN, printed=printed, **somebody), tmp_path)
        outcome = run(folder, *AGAIN, **somebody)
    finally:
        os.umask(before)
    assert outcome.returncode == 0, outcome.stdout
    found = contents(folder)
    assert set(found) == set(expected)
    # A DuckDB file differs from build to build; provenance knows it by its contents.
    assert [name for name in expected if not name.endswith(".duckdb") and found[name] != expected[name]] == []
    assert planned(folder) == set()
    compared = command(folder, "compare_builds", "published", "changes", "1")
    assert compared.returncode == 0, compared.stderr
    assert "**Headline numbers: none of 89 moved.**" in (folder / "changes/changes.md").read_text()
    shutil.rmtree(folder)


def _packed(folder: Path) -> Path:
    """The archive of a build, in the place of the last one."""
    outcome = command(folder, "archive_run")
    assert outcome.returncode == 0, outcome.stderr
    (file,) = (folder / "archive").iterdir()
    return file


def _names_its_packages_and_no_folder_of_the_machine(packed: Path, tmp_path: Path) -> None:
    with tarfile.open(packed) as members:
        bill = json.load(members.extractfile(f"{packed.name.removesuffix('.tar.gz')}/sbom.cdx.json"))
        here = [str(path).encode() for path in (tmp_path, Path.home())]
        texts = [(member.name, members.extractfile(member).read()) for member in members]
    assert {"snakemake", "duckdb", "polars"} <= {component["name"] for component in bill["components"]}
    assert [name for name, content in texts if any(folder in content for folder in here)] == []


def _language(folder: Path) -> dict[str, str]:
    """Variables of a language with another decimal sign, where this machine can make it."""
    (folder / "locales").mkdir()
    command = ["localedef", "-i", "de_DE", "-f", "UTF-8", folder / "locales/xx_XX.UTF-8"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return {"LC_ALL": "C"}
    return {"LOCPATH": str(folder / "locales"), "LC_ALL": "xx_XX.UTF-8"}


def _kill(folder: Path, start: Callable[[Path], Popen], tmp_path: Path) -> None:
    """Run and kill, again and again: the run itself, or the job that it waits for."""
    chance = random.Random(18)
    for kill in range(KILLS):
        printed = tmp_path / f"killed-{kill}.txt"
        process, done = start(printed), chance.randrange(3)
        # By what is done, not by the clock: a slow machine gets as far.
        while len(re.findall(r"^Finished jobid", printed.read_text(), re.MULTILINE)) < done or not jobs_of(folder):
            assert process.poll() is None, f"ended before it was killed:\n{printed.read_text()}"
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 1))
        if kill % 2:
            while process.poll() is None:
                for job in jobs_of(folder):
                    with suppress(ProcessLookupError):  # it ended
                        os.kill(job, signal.SIGKILL)
                time.sleep(0.05)
        else:
            process.kill()
        assert process.wait() != 0
        while jobs_of(folder):  # which end soon after their run
            time.sleep(0.05)


def jobs_of(folder: Path) -> list[int]:
    """Processes in a folder that run a script of a rule: copies of the server of jobs."""
    parents = {}
    for process in Path("/proc").iterdir():
        try:
            within = process.name.isdigit() and (process / "cwd").readlink() == folder
            if within and b"/job_server.py" in (process / "cmdline").read_bytes():
                # The parent is the second word behind the name, which is in brackets.
                parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended
    return [process for process, parent in parents.items() if parent in parents]
