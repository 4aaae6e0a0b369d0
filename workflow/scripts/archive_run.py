"""Command behind `make archive`: inputs, configuration, code, results and provenance of the last run as one file."""

from pathlib import Path

from inference_energy.common import escaped, jobs
from inference_energy.records import archive

with jobs.command():
    path = archive.pack(Path())
    escaped.show(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
