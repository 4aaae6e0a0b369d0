"""Runs in a folder: locks of dead ones, and jobs that end with their run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from inference_energy.common import runs
from patience import HANGS_S

BEGIN = "import sys; from pathlib import Path; from inference_energy.common import runs; print(runs.begin(Path()));"
WAIT = "sys.stdout.flush(); import time; time.sleep(3600)"


@pytest.fixture(autouse=True)
def no_run(monkeypatch):
    monkeypatch.setenv(runs.RUN, "")  # what a run sets is taken back behind a test
    yield
    runs._HELD.clear()


@pytest.fixture
def started(tmp_path):
    processes = []

    def start(code):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(runs.__file__).parents[2])},
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def lock(folder):
    (folder / runs.LOCKS).mkdir(parents=True)
    (folder / runs.LOCKS / "0.output.lock").write_text("results/x.csv\n")


def test_a_folder_without_runs_and_locks_needs_nothing(tmp_path):
    assert runs.begin(tmp_path) == []
    assert list((tmp_path / runs.FOLDER).iterdir()) == [Path(os.environ[runs.RUN])]


def test_a_file_that_a_loss_of_power_left_empty_is_no_run(tmp_path):
    (tmp_path / runs.FOLDER).mkdir(parents=True)
    (tmp_path / runs.FOLDER / "vm-7").touch()
    lock(tmp_path)
    assert runs.begin(tmp_path) == ["Removed the lock of a run that was ended from outside (.snakemake/locks)."]


def test_the_lock_of_a_killed_run_is_removed_and_told(tmp_path, started):
    process, _ = started(BEGIN + WAIT)
    lock(tmp_path)
    process.kill()
    process.wait()
    assert runs.begin(tmp_path) == ["Removed the lock of a run that was ended from outside (.snakemake/locks)."]
    assert not (tmp_path / runs.LOCKS).exists()
    assert len(list((tmp_path / runs.FOLDER).iterdir())) == 1  # the file of the killed run is gone


def test_the_lock_of_a_run_that_lives_is_kept_and_its_process_named(tmp_path, started):
    process, said = started(BEGIN + WAIT)
    assert said == "[]"
    lock(tmp_path)
    (line,) = runs.begin(tmp_path)
    assert line.startswith(f"Another run goes on in this folder: process {process.pid} on ")
    assert (tmp_path / runs.LOCKS / "0.output.lock").is_file()


def test_a_run_of_another_machine_is_taken_to_go_on(tmp_path):
    lock(tmp_path)
    other = tmp_path / runs.FOLDER / "elsewhere-7"
    other.parent.mkdir()
    other.write_text("process 7 on elsewhere, since yesterday\nelsewhere\nanother start\n")
    (line,) = runs.begin(tmp_path)
    assert "process 7 on elsewhere, since yesterday (.snakemake/runs/elsewhere-7)" in line
    assert (tmp_path / runs.LOCKS / "0.output.lock").is_file() and other.is_file()


@pytest.mark.parametrize("same", [0, 1])
def test_the_same_machine_after_a_restart_or_in_another_container_is_this_one(tmp_path, same):
    lock(tmp_path)
    machine = ["elsewhere", "another start"]
    machine[same] = runs._machine()[same]
    other = tmp_path / runs.FOLDER / "elsewhere-7"
    other.parent.mkdir()
    other.write_text("\n".join(["process 7", *machine]))
    assert runs.begin(tmp_path) == ["Removed the lock of a run that was ended from outside (.snakemake/locks)."]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_ends_soon_after_its_run(tmp_path, started, how):
    job = "import subprocess; p = subprocess.Popen([sys.executable, '-c', '''import time"
    job += "\nfrom inference_energy.common import runs\nruns.end_with_run()\ntime.sleep(3600)''']); print(p.pid);"
    process, _ = started(BEGIN + job + WAIT)
    child = int(process.stdout.readline())
    process.send_signal(how)
    process.wait()
    until = time.monotonic() + HANGS_S
    while time.monotonic() < until and _runs(child):
        time.sleep(0.1)
    assert not _runs(child)


def _runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_without_a_run_is_left_alone():
    runs.end_with_run()
    time.sleep(2 * runs.CHECKED_EVERY_S)
