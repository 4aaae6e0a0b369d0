"""Speed and memory: what people wait for, and a table of cost against size. Reports, judges nothing."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "helpers"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow/scripts"))

import loops
import scale

MACHINE = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"


def main() -> None:
    """Print both tables, each with how busy the machine was before."""
    for title, table in (("What people wait for", loops.table), ("Cost against size", scale.table)):
        print(f"\n{title}; {MACHINE}, load {os.getloadavg()[0]:.1f} before:\n")
        print(*table(), sep="\n", flush=True)


if __name__ == "__main__":
    main()
