"""Comments of YAML files and the assumptions that code and studies state, each with the key or code it refers to."""

import ast
import bisect
import inspect
import io
import re
import tokenize
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from inference_energy.common.files import ROOT

# A mapping with one of these keys and no label is one value, such as a distribution or a trace.
ONE_VALUE = {"family", "trace", "task"}


@dataclass(frozen=True)
class Comment:
    """One comment, the lines of it joined."""

    keys: tuple[str, ...]  # path of the key that it refers to; empty for a comment above the first key
    line: int  # its first line
    text: str  # without the hash


Span = tuple[tuple[str, ...], int, int]  # of a key: path, first and last line, from 0


def is_one_value(node: object) -> bool:
    """Whether a value is shown as a whole: no mapping, or one that is a distribution, a trace or a task."""
    return not isinstance(node, dict) or not node or bool(ONE_VALUE & node.keys() and "label" not in node)


def comments(text: str) -> list[Comment]:
    """All comments of a YAML text, in its order.

    A comment behind a key, or behind an item of its list, refers to that key. A comment on a line of its own refers to
    the key that follows, or to the list that contains it.
    """
    return _read(text)[1]


@cache
def about(text: str, keys: tuple[str, ...]) -> tuple[int | None, str]:
    """Line of a key or of an item of a list, and the comments that refer to it or to the key that begins its line.

    `keys` are the path to it, with the places of items; the line is none where the text does not have it.
    """
    spans, found = _read(text, items=any(key.isdigit() for key in keys))
    lines = {path: start for path, start, _ in spans}
    if keys not in lines:
        return None, ""
    first = next(path for path, start in lines.items() if start == lines[keys])
    return lines[keys] + 1, " ".join(comment.text for comment in found if comment.keys == first)


@cache
def _read(text: str, *, items: bool = False) -> tuple[list[Span], list[Comment]]:
    ends = _ends(text)
    spans = _spans(yaml.compose(text, Loader=yaml.SafeLoader), sorted(ends), items=items)
    first = min((start for _, start, _ in spans), default=0)
    found: list[Comment] = []
    alone_before = False
    for number, line in enumerate(text.splitlines()):
        rest = line[ends.get(number, 0) :].strip()
        alone = number not in ends
        if rest.startswith("#"):
            content = rest.lstrip("#").strip()
            if alone and alone_before and not content.startswith("ASSUME:"):
                found[-1] = _continued(found[-1], content)
            else:
                keys = () if alone and number < first else _spoken_of(spans, number, alone)
                found.append(Comment(keys, number + 1, content))
        alone_before = alone and rest.startswith("#")
    return spans, found


def _ends(text: str) -> dict[int, int]:
    """Where the content of a line ends, by line, so that what follows is a comment."""
    ends: dict[int, int] = {}
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        start, end = token.start_mark, token.end_mark
        if end.index > start.index:
            for number in range(start.line, end.line):
                ends[number] = len(text)
            ends[end.line] = max(ends.get(end.line, 0), end.column)
    return ends


def _spans(node: yaml.Node, filled: list[int], keys: tuple[str, ...] = (), *, items: bool) -> list[Span]:
    """First and last line of every key, in the order of the file; a key inside another after it.

    `filled` are lines that are not empty, `keys` the path to the node; with `items`, items of lists count as keys.
    """
    spans = []
    if isinstance(node, yaml.SequenceNode):
        pairs = [(str(place), value, value) for place, value in enumerate(node.value)]
    else:
        pairs = [(str(key.value), key, value) for key, value in node.value]
    for key, begin, value in pairs:
        path, last = (*keys, key), value.end_mark.line
        if isinstance(value, yaml.CollectionNode) and not value.flow_style:
            last = filled[bisect.bisect_left(filled, last) - 1]  # it is said to end where the next content begins
        spans.append((path, begin.start_mark.line, last))
        if isinstance(value, yaml.MappingNode) or (items and isinstance(value, yaml.SequenceNode)):
            spans += _spans(value, filled, path, items=items)
    return spans


def _spoken_of(spans: list[Span], line: int, alone: bool) -> tuple[str, ...]:
    begun = [keys for keys, start, _ in spans if start == line]
    if begun and not alone:
        return begun[0]
    around = [(keys, start) for keys, start, end in spans if start < line <= end]
    following = [(keys, start) for keys, start, _ in spans if start > line]
    inside = around[-1][0] if around else ()
    if following and alone and following[0][0][: len(inside)] == inside:
        return following[0][0]
    return inside


MARK = "ASSUME:"
WORDS_IN_ANCHOR = 6


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One modelling choice."""

    file: str  # where it stands
    line: int  # its first line there
    within: str  # function, class or key that it belongs to; empty for a whole module
    text: str  # what is assumed, and its source


@cache
def of_module(file: str, text: str) -> list[Assumption]:
    """Assumptions of a Python module, in its order.

    A comment runs on over the comment lines below it, to the next assumption.
    """
    if MARK not in text:
        return []
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
            found[-1] = _continued(found[-1], content)
            last = line
    return found


def _continued(before: Any, content: str) -> Any:
    """A comment or an assumption that runs on over a further line."""
    return replace(before, text=f"{before.text} {content}".strip())


@cache
def beside(code: Callable | ModuleType) -> list[Assumption]:
    """Assumptions of a function, class or module, their file named from the root of the repository."""
    lines, start = inspect.getsourcelines(code)
    file = Path(inspect.getsourcefile(inspect.unwrap(code))).resolve()
    inside = range(start, start + len(lines) + 1)
    return [one for one in of_module(str(file.relative_to(ROOT)), file.read_text("utf-8")) if one.line in inside]


def _places(text: str) -> list[tuple[str, int, int]]:
    """Functions and classes with their first and last lines, inner ones after outer ones."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return [(node.name, node.lineno, node.end_lineno or node.lineno) for node in nodes]


def of_study(file: str, text: str) -> list[Assumption]:
    """Assumptions of a study file, in its order."""
    found = [(comment, comment.text.removeprefix(MARK).strip()) for comment in comments(text)]
    return [
        Assumption(file=file, line=comment.line, within=".".join(comment.keys), text=said)
        for comment, said in found
        if comment.text.startswith(MARK)
    ]


def anchors(name: str, assumptions: list[Assumption]) -> list[str]:
    """Names to link to each assumption by: of its module or study and its first words, so that other edits keep
    them.
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
