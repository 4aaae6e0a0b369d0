"""The rule graph: one box per chapter, all figures one node."""

import re
from pathlib import Path

import pytest
from inference_energy.common.errors import InputError
from inference_energy.publish import rule_graph

ROOT = Path(__file__).parents[3]
RULES = {
    "corpus": "rule read:\n    input:\n        1,\n\n\nrule check:\n    input:\n        2,\n",
    "figures": "for figure in FIGURES:\n\n    rule:\n        name:\n            figure\n",
}
GRAPH = """digraph snakemake_dag {
    node[shape=box];
	0[label = "all", color = "0.00 0.6 0.85", style="rounded"];
	1[label = "read", color = "0.40 0.6 0.85", style="rounded"];
	2[label = "check", color = "0.65 0.6 0.85", style="rounded"];
	3[label = "figures_a", color = "0.42 0.6 0.85", style="rounded"];
	4[label = "figures_b", color = "0.07 0.6 0.85", style="rounded"];
	2 -> 0
	3 -> 0
	1 -> 2
	2 -> 3
	3 -> 4
	1 -> 4
}
"""


def test_boxes_edges_and_figures():
    chapter_of = rule_graph.chapters(RULES)
    assert chapter_of == {"read": "corpus", "check": "corpus"}
    drawn = [line.strip() for line in rule_graph.by_chapter(GRAPH, chapter_of).splitlines()]
    assert drawn[6:] == [
        "subgraph cluster_corpus { label=corpus; check; read };",
        "subgraph cluster_figures { label=figures; figures };",
        "check -> figures;",
        "read -> check;",
        "read -> figures;",
        "}",
    ]


def test_a_graph_without_rules_is_an_error():
    with pytest.raises(InputError, match="found no rules; allowed: a graph"):
        rule_graph.by_chapter("", {"read": "corpus"})


def test_the_committed_picture_shows_the_rules_of_the_workflow():
    """A rule that is added, renamed or removed needs `make rule-graph`."""
    files = {path.stem: path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")}
    rules = {rule for rule in rule_graph.chapters(files) if not rule.startswith("figures_")}
    drawn = set(re.findall(r'class="node">\s*<title>(\w+)</title>', (ROOT / "docs/rule_graph.svg").read_text()))
    assert drawn == rules | {rule_graph.FIGURES}
