"""Command behind `make validate`: scores next to their goals, or those of a source that is not taken in."""

from pathlib import Path

import polars as pl
from inference_energy.common import escaped, jobs
from inference_energy.tables import writing
from inference_energy.validation import frozen, goals, tables

RESULTS = Path("results/validation")

parser = jobs.Arguments(description=__doc__)
parser.add_argument("source", nargs="?", type=Path, help="folder of a source, laid out as in resources/benchmarks")
parser.add_argument("--out", type=Path, help="CSV file for the scores of the source")
arguments = parser.parse_args()
with jobs.command():
    if arguments.source:
        written = frozen.outputs(arguments.source, arguments.out)
        judged = frozen.judge(arguments.source, frozen.last_run(Path()))
        writing.write_all(
            written, scores=(judged.scores, tables.HELD_OUT_SCORES), runs=(judged.runs, tables.SOURCE_RUNS)
        )
        told = [*frozen.lines(judged), ", ".join(written.values())]
    else:
        scores = escaped.read_csv(RESULTS / "scores.csv", infer_schema_length=None)
        held_out = pl.read_parquet(RESULTS / "held_out.parquet")
        reached = goals.reached(scores, frozen.read_protocol(Path())["goals"])
        told = goals.lines(reached, goals.compared(held_out))
escaped.show(*told)
