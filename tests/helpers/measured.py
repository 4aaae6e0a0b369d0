"""Costs of runs and calls: wall time, time of processors and memory, each of a process that nothing else has used."""

import multiprocessing
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from runs import ROOT, SOURCES

# In a process of its own, so that only the processes of one run are counted.
OF_CHILDREN = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(code)
"""


class Cost(NamedTuple):
    """What a run or a call took."""

    wall_s: float
    cpu_s: float  # user and system time of all its threads and processes
    peak_mb: float  # resident memory of its largest process


def copied(folder: Path, results: tuple[str, ...] = ()) -> None:
    """Copy everything that a run starts from, and some folders of results, to a folder."""
    for name in SOURCES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for name in results:
        shutil.copytree(ROOT / "results" / name, folder / "results" / name)


def run_in(folder: Path, *arguments: str) -> Cost:
    """Cost of Snakemake in a folder, with some arguments.

    Raises:
        subprocess.CalledProcessError: the run failed.
    """
    snakemake = [sys.executable, "-m", "snakemake", *arguments, "--quiet", "all"]
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-c", OF_CHILDREN, *snakemake], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return Cost(time.perf_counter() - start, *map(float, ran.stdout.split()))


def alone(function: Callable, *arguments) -> Cost:
    """Cost of a call in a process of its own; its memory is that of the whole process, with the imported packages."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_cost_of, function, *arguments).result()


def _cost_of(function: Callable, *arguments) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    function(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
