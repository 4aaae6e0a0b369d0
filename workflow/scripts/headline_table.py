"""Command behind `make table`: every published value next to the computed one."""

from pathlib import Path

from inference_energy.common import escaped, jobs
from inference_energy.common.errors import InputError
from inference_energy.headline import page, summary

parser = jobs.Arguments(description=__doc__)
parser.parse_args()
with jobs.command():
    rows = page.rows(Path(summary.HEADLINE))
    if not rows:
        raise InputError(f"{summary.HEADLINE}: found no such file; run `make` first")
escaped.show(*summary.table_lines(rows))
