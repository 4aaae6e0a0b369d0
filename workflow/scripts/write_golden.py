"""Command behind `make golden`: records the headline numbers of the last build as the agreed ones, and what moved."""

import datetime
from pathlib import Path

import polars as pl
from inference_energy.common import escaped, jobs
from inference_energy.corpus.origins import sha256
from inference_energy.headline import golden

FILE = Path("tests/golden/headline.csv")
MOVED = Path("docs/numbers.csv")

with jobs.command():
    before = escaped.read_csv(FILE, infer_schema_length=None)
    after = golden.golden_table(escaped.read_csv("results/headline.csv", infer_schema_length=None))
    escaped.write_csv(after, FILE)
    moved = golden.moves(before, after, sha256(FILE), str(datetime.date.today()))
    if not moved.is_empty():
        escaped.write_csv(pl.concat([escaped.read_csv(MOVED, schema=golden.MOVED_SCHEMA), moved]), MOVED)
    fault = golden.changelog_fault(Path("CHANGELOG.md").read_text(encoding="utf-8"), sha256(FILE))
    escaped.show(f"{FILE} holds the numbers of results/headline.csv.", *([fault] if fault else []))
