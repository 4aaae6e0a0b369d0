"""The first lines of an explanation: the number with its interval, what it is, what it follows from and rests on."""

from collections import Counter
from collections.abc import Iterator

from inference_energy.common.readable import between, two_digits
from inference_energy.common.step import Node
from inference_energy.common.step_text import BRIEF_DIGITS, head
from inference_energy.explain.searched import Found, cell
from inference_energy.publish.catalogue import BY_NAME

LONGEST = 110  # characters of a line
TERMS = 3  # that are named
# What an interval covers, by the column `spread`.
SPREADS = {
    "untrimmed": "variability and uncertainty together",
    "per_query": "variability between queries",
    "shared": "uncertainty of the mean over queries",
    "queries": "variability and uncertainty together",
    "shared uncertainty": "uncertainty",
    "as_published": "all draws, trimmed twice as in the publication",
}
# Ends of names of columns that have an interval beside them, and what such a number is called.
STATISTICS = {"_p50": "median", "_mean": "expected value", "computed": ""}
# What places of a kind are called.
PLACES = {
    "benchmark": "benchmark rows",
    "workload": "lengths",
    "resource": "resource rows",
    "study": "study entries",
    "assumption": "assumptions",
    "published": "printed values",
}


def summary(node: Node, found: Found) -> list[str]:
    """At most ten lines."""
    return [line if len(line) <= LONGEST else f"{line[: LONGEST - 2]} …" for line in _lines(node, found)]


def _lines(node: Node, found: Found) -> Iterator[str]:
    table = BY_NAME[found.table]
    yield f"{_value(node, found)}: {found.column} of {found.table}"
    if found.assumed:
        yield f"Assumed: {found.assumed}."
    keys = [f"{name} {cell(found.row[name])}" for name in table.key() if found.row.get(name) is not None]
    yield f"Row: {', '.join(keys) or found.position}"
    yield f"It is: {table.columns()[found.column]}"
    if "spread" in found.row and found.row["spread"] in SPREADS:
        yield f"Interval: {SPREADS[found.row['spread']]}"
    step = _first_formula(node)
    if step:
        yield f"Formula: {step.symbol or step.label} = {step.formula}"
        terms = [child for child in step.children if isinstance(child.value, int | float)]
        for child in sorted(terms, key=lambda child: -abs(child.value))[:TERMS]:
            yield f"  {head(child, BRIEF_DIGITS)}"
    counted = Counter(place.kind for place in {each.place for each in _steps(node) if each.place})
    rests = [f"{counted[kind]:,} {PLACES[kind]}" for kind in PLACES if counted[kind]]
    if rests:
        yield f"Rests on: {', '.join(rests)}"


def _value(node: Node, found: Found) -> str:
    """The number with its unit, its interval where its row has one, and what statistic it is."""
    if not isinstance(found.value, int | float):
        return str(found.value)
    told = f"{two_digits(found.value)} {node.unit}".strip()
    end = next((end for end in STATISTICS if found.column.endswith(end)), None)
    stem = found.column.removesuffix(end) if end and end.startswith("_") else found.column
    low, high = (found.row.get(f"{stem}_{name}") for name in ("p05", "p95"))
    if end is None or low is None or high is None:
        return told
    return f"{told} ({', '.join(filter(None, [STATISTICS[end], f'P5–P95 {between(low, high)}']))})"


def _first_formula(node: Node) -> Node | None:
    """The first step, from above, that combines several."""
    return next((each for each in _steps(node) if len(each.children) > 1 and each.formula), None)


def _steps(node: Node) -> Iterator[Node]:
    """The step and all below it, from above, each once."""
    waiting, seen = [node], set()
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += each.children
