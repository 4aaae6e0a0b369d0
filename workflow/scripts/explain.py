"""Command behind `make explain WHAT="..."`: derivation of a number of the public tables."""

import signal
from pathlib import Path

from inference_energy.common import escaped, jobs
from inference_energy.explain import as_json, question, registry, text
from inference_energy.explain.build import Build

signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make explain ... | head` ends quietly
parser = jobs.Arguments(description=__doc__)
parser.add_argument("what", help="words of a row and column in any order, or a value as it was printed")
parser.add_argument("--detail", choices=["brief", "full"], default="brief", help="every row, or the first")
parser.add_argument("--format", choices=["text", "json"], default="text", help="for people, or for machines")
arguments = parser.parse_args()
build = Build(Path())
with jobs.command():
    answer = question.ask(build, arguments.what)
    best = answer.best
    node = registry.explained(build, best.table, best.row, best.column) if best else None
if arguments.format == "json":
    told = as_json.rendered(node, answer)
else:
    told = text.rendered(node, answer, full=arguments.detail == "full") if node else text.choice(answer)
escaped.show(*told.split("\n"))
