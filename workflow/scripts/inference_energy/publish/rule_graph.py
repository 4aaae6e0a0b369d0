"""The rule graph of the workflow as a picture: one box per chapter, in Graphviz's language."""

import re

from inference_energy.common.errors import InputError

NODE = re.compile(r'^\s*(\d+)\[label = "(\w+)"', re.MULTILINE)
EDGE = re.compile(r"^\s*(\d+) -> (\d+)", re.MULTILINE)
RULE = re.compile(r"^rule (\w+):", re.MULTILINE)
FIGURES = "figures"  # drawn as one node
HEAD = """digraph rules {
    graph [fontname="Helvetica,Arial,sans-serif", fontsize=15, labeljust=l, nodesep=0.15, ranksep=0.45, newrank=true];
    graph [style="rounded,filled", color="#9db7d5", fillcolor="#eef4fa"];
    node [fontname="Helvetica,Arial,sans-serif", fontsize=13, shape=box, height=0.32, style="rounded,filled"];
    node [color=grey50, fillcolor=white];
    edge [color=grey40, arrowsize=0.7];
"""


def chapters(rule_files: dict[str, str]) -> dict[str, str]:
    """Chapter of every rule, from the texts of the files in workflow/rules by chapter."""
    return {rule: chapter for chapter, text in rule_files.items() for rule in RULE.findall(text)}


def by_chapter(graph: str, chapter_of: dict[str, str]) -> str:
    """The rules of every chapter in a box; those of figures are one node, rules of no chapter (`all`) are left out.

    The graph is that of `snakemake --rulegraph dot`; names of rules that draw figures begin with `figures_`.
    """
    rules = {n: rule for n, rule in NODE.findall(graph) if rule in chapter_of or rule.startswith("figures_")}
    chapter = {n: chapter_of.get(rule, FIGURES) for n, rule in rules.items()}
    drawn = {n: FIGURES if chapter[n] == FIGURES else rule for n, rule in rules.items()}
    if not drawn:
        raise InputError("snakemake --rulegraph: found no rules; allowed: a graph in Graphviz's language")
    lines = []
    for box in sorted({chapter[n] for n in drawn}):
        members = sorted({rule for n, rule in drawn.items() if chapter[n] == box})
        lines.append(f"subgraph cluster_{box} {{ label={box}; {'; '.join(members)} }}")
    pairs = {(drawn[a], drawn[b]) for a, b in EDGE.findall(graph) if a in drawn and b in drawn and drawn[a] != drawn[b]}
    lines += [f"{before} -> {after}" for before, after in sorted(pairs)]
    return HEAD + "".join(f"    {line};\n" for line in lines) + "}\n"
