"""Command behind `make new-source NAME=x FILE=path`: a folder for a benchmark source, or its refresh."""

import datetime
from pathlib import Path

from inference_energy.common import escaped, jobs
from inference_energy.corpus.new_source import new_source, rows_read
from inference_energy.records.refreshed import change_lines
from inference_energy.validation import frozen

FOLDER = Path("resources/benchmarks")

parser = jobs.Arguments(description=__doc__)
parser.add_argument("name", help="of the source: small letters, digits and _")
parser.add_argument("file", nargs="?", type=Path, help="a benchmark file to copy into it")
arguments = parser.parse_args()
with jobs.command():
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    place = FOLDER / arguments.name / arguments.file.name if arguments.file else None
    before = rows_read(place)
    steps = new_source(FOLDER, arguments.name, arguments.file, today)
    if before:
        escaped.show(*change_lines(before, rows_read(place)))
    escaped.show(*steps, *frozen.before_taking_in(Path(), FOLDER / arguments.name))
