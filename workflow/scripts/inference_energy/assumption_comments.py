"""Every modelling choice of the code and the studies, read from the comments that begin with ASSUME."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass

from inference_energy.yaml_comments import comments

MARK = "ASSUME:"
WORDS_IN_ANCHOR = 6


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One modelling choice.

    Attributes:
        file: where it stands.
        line: its first line there.
        within: function, class or key that it belongs to; empty for a whole module.
        text: what is assumed, and its source.
    """

    file: str
    line: int
    within: str
    text: str


def of_module(file: str, text: str) -> list[Assumption]:
    """Assumptions of a Python module, in its order.

    A comment runs on over the comment lines below it, to the next assumption.

    Args:
        file: named in them.
        text: the code.
    """
    found: list[Assumption] = []
    places = _places(text)
    last = -1
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        content = token.string.lstrip("#").strip()
        line = token.start[0]
        if content.startswith(MARK):
            within = next((name for name, start, end in reversed(places) if start <= line <= end), "")
            found.append(Assumption(file=file, line=line, within=within, text=content.removeprefix(MARK).strip()))
            last = line
        elif line == last + 1:
            before = found[-1]
            found[-1] = Assumption(
                file=file, line=before.line, within=before.within, text=f"{before.text} {content}".strip()
            )
            last = line
    return found


def _places(text: str) -> list[tuple[str, int, int]]:
    """Functions and classes with their first and last lines, inner ones after outer ones."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return [(node.name, node.lineno, node.end_lineno or node.lineno) for node in nodes]


def of_study(file: str, text: str) -> list[Assumption]:
    """Assumptions of a study file, in its order.

    Args:
        file: named in them.
        text: its YAML.
    """
    return [
        Assumption(
            file=file,
            line=comment.line,
            within=".".join(comment.keys),
            text=comment.text.removeprefix(MARK).strip(),
        )
        for comment in comments(text)
        if comment.text.startswith(MARK)
    ]


def anchors(name: str, assumptions: list[Assumption]) -> list[str]:
    """Names to link to each assumption by: of its module or study and its first words, so that other edits keep them.

    Args:
        name: of the module or study.
        assumptions: all of it.
    """
    found: list[str] = []
    for assumption in assumptions:
        anchor = f"assume-{slug(name)}-{slug(' '.join(assumption.text.split()[:WORDS_IN_ANCHOR]))}"
        again = sum(other == anchor or other.startswith(f"{anchor}--") for other in found)
        found.append(f"{anchor}--{again + 1}" if again else anchor)
    return found


def slug(text: str) -> str:
    """Lower-case letters and digits with hyphens between words."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))
