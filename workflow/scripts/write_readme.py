"""Writes what documents say of the results, and the list of tables in results/README.md; called by `make readme`."""

from pathlib import Path

from inference_energy.common import jobs
from inference_energy.publish import readme

with jobs.command():
    readme.write(Path())
