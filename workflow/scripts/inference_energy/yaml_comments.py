"""Comments of a YAML file, each with the key that it speaks of: sources and choices that stand beside a value."""

import bisect
from dataclasses import dataclass

import yaml

# A mapping with one of these keys and no label is one value, such as a law or a trace.
ONE_VALUE = {"family", "trace", "task"}


@dataclass(frozen=True)
class Comment:
    """One comment, the lines of it joined.

    Attributes:
        keys: path of the key that it speaks of; empty for what stands above the first key.
        line: its first line.
        text: without the hash.
    """

    keys: tuple[str, ...]
    line: int
    text: str


def is_one_value(node: object) -> bool:
    """Whether a value is shown as a whole: anything but a mapping, and a mapping that is a law, a trace or a task."""
    return not isinstance(node, dict) or not node or bool(ONE_VALUE & node.keys() and "label" not in node)


def comments(text: str) -> list[Comment]:
    """All comments of a YAML text, in its order.

    A comment behind a key, or behind an item of its list, speaks of that key; one on a line of its own of the key that
    follows, or of the list that it stands in.

    Args:
        text: a mapping, in YAML that can be read.
    """
    ends = _ends(text)
    spans = _spans(yaml.compose(text, Loader=yaml.SafeLoader), sorted(ends))
    first = min((start for _, start, _ in spans), default=0)
    found: list[Comment] = []
    alone_before = False
    for number, line in enumerate(text.splitlines()):
        rest = line[ends.get(number, 0) :].strip()
        alone = number not in ends
        if rest.startswith("#"):
            content = rest.lstrip("#").strip()
            if alone and alone_before and not content.startswith("ASSUME:"):
                found[-1] = Comment(found[-1].keys, found[-1].line, f"{found[-1].text} {content}".strip())
            else:
                keys = () if alone and number < first else _spoken_of(spans, number, alone)
                found.append(Comment(keys, number + 1, content))
        alone_before = alone and rest.startswith("#")
    return found


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


def _spans(node: yaml.Node, filled: list[int], keys: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], int, int]]:
    """First and last line of every key, in the order of the file; a key inside another after it."""
    spans = []
    for key, value in node.value:
        path, last = (*keys, str(key.value)), value.end_mark.line
        if isinstance(value, yaml.CollectionNode) and not value.flow_style:
            last = filled[bisect.bisect_left(filled, last) - 1]  # it is said to end where the next content begins
        spans.append((path, key.start_mark.line, last))
        if isinstance(value, yaml.MappingNode):
            spans += _spans(value, filled, path)
    return spans


def _spoken_of(spans: list[tuple[tuple[str, ...], int, int]], line: int, alone: bool) -> tuple[str, ...]:
    begun = [keys for keys, start, _ in spans if start == line]
    if begun and not alone:
        return begun[0]
    around = [(keys, start) for keys, start, end in spans if start < line <= end]
    following = [(keys, start) for keys, start, _ in spans if start > line]
    inside = around[-1][0] if around else ()
    if following and alone and following[0][0][: len(inside)] == inside:
        return following[0][0]
    return inside
