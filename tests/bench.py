"""Speed and memory: a clean rebuild, and a table of cost against size. Reports, judges nothing."""

import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "helpers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

import scale
from measured import Cost, copied, run_in

REPEATS = 3


def rebuilt() -> Cost:
    """Cost of a clean rebuild of all studies on two cores."""
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        return run_in(Path(folder), "--cores", "2")


def main() -> None:
    """Print the median and range of every figure of a rebuild, then the table."""
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
    print(f"machine: {machine}, load {os.getloadavg()[0]:.1f} before; {REPEATS} repeats, median (min-max)")
    rebuilds = [rebuilt() for _ in range(REPEATS)]
    for name, values in zip(("wall, s", "CPU-s", "largest process, MB"), zip(*rebuilds, strict=True), strict=True):
        print(f"{f'clean rebuild, {name}':<42}{statistics.median(values):8.1f} ({min(values):.1f}-{max(values):.1f})")
    print(f"\nCost against size; {machine}, load {os.getloadavg()[0]:.1f} before:\n")
    print(*scale.table(), sep="\n")


if __name__ == "__main__":
    main()
