"""Command behind `make rule-graph`: reads Snakemake's rule graph, prints it by chapters for Graphviz."""

import sys
from pathlib import Path

from inference_energy.common import jobs
from inference_energy.publish import rule_graph

rules = {path.stem: path.read_text() for path in sorted(Path("workflow/rules").glob("*.smk"))}
with jobs.command():
    print(rule_graph.by_chapter(sys.stdin.read(), rule_graph.chapters(rules)), end="")
