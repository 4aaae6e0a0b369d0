"""Command behind `make new-source NAME=x FILE=path`: a folder for a benchmark source with its origin."""

import argparse
import datetime
from pathlib import Path

from inference_energy.common import jobs
from inference_energy.corpus.new_source import new_source

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("name", help="of the source: small letters, digits and _")
parser.add_argument("file", nargs="?", type=Path, help="a benchmark file to copy into it")
arguments = parser.parse_args()
with jobs.command():
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    print(*new_source(Path("resources/benchmarks"), arguments.name, arguments.file, today), sep="\n")
