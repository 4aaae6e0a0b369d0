"""One step of a derivation: its value, the formula with numbers inserted, its place, and the steps below it."""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

# Kinds of places. A derivation ends in one of SOURCES: nothing in this project lies behind it.
RESULT = "result"
SOURCES = ("benchmark", "workload", "resource", "study", "configuration", "published", "assumption", "constant")
DIGITS = 9  # as many as results are written with
ROUNDING = 1e-8
TOLERANCE = 2e-6  # relative: nine digits of every factor, amplified where logarithms or differences are taken

FUNCTIONS: Mapping[str, Callable] = {
    "exp": math.exp,
    "ln": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "abs": abs,
    "median": lambda *values: (sorted(values)[(len(values) - 1) // 2] + sorted(values)[len(values) // 2]) / 2,
}
OPERATORS: Mapping[type, Callable] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}
Value = float | int | str | None
SYMBOL = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something stands."""

    kind: str  # `result`, or one of `SOURCES`
    file: str  # path from the root of the repository, or name of what was published
    line: int | None = None  # line of that file, where it has lines
    key: str = ""  # row or key in it
    quote: str = ""  # what stands there
    url: str = ""  # where its origin is to be found
    origin: str = ""  # publisher, title and licence of the origin

    @property
    def short(self) -> str:
        """File and line."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Node:
    """One step of a derivation."""

    label: str  # what it is
    symbol: str = ""  # its name in the formula of the step above
    value: Value = None  # a number, or text
    unit: str = ""  # of the number
    formula: str = ""  # arithmetic in the symbols of the children; the line with numbers can be pasted into Python
    # whether the formula gives the value; else it is a closed form that approximates it, and `note` says why
    exact: bool = True
    note: str = ""  # what a reader must know
    place: Place | None = None  # where it stands
    children: tuple["Node", ...] = ()  # what it follows from
    alike: bool = False  # whether the children are many of one kind, of which a summary shows the first

    @property
    def name(self) -> tuple:
        """What tells it from other steps, whatever its symbol."""
        return self.label, self.value, self.formula, self.place

    @property
    def symbols(self) -> dict[str, float]:
        """Values of the children by their symbols."""
        return {child.symbol: child.value for child in self.children if child.symbol}

    @cached_property
    def result(self) -> float:
        """What the formula gives."""
        return evaluate(self.formula, self.symbols)

    def inserted(self, count: int = DIGITS) -> str:
        """The formula with values inserted, at some number of digits."""
        values = {name: digits(value, count) for name, value in self.symbols.items()}
        return SYMBOL.sub(lambda found: values.get(found[0], found[0]), self.formula)

    @property
    def contradicted(self) -> bool:
        """Whether an exact formula does not give the value: the results are older than what they follow from."""
        if not self.formula or not self.exact or not isinstance(self.value, int | float):
            return False
        # Differences of nearly equal numbers of nine digits have fewer.
        lost = ROUNDING * max(map(abs, self.symbols.values()), default=0.0)
        return not math.isclose(self.result, self.value, rel_tol=TOLERANCE, abs_tol=lost)


def evaluate(formula: str | ast.expr, values: Mapping[str, float]) -> float:
    """Value of arithmetic in named values and `FUNCTIONS`.

    Raises:
        KeyError: a name or an operation that is not known.
    """
    return float(_value(_parsed(formula) if isinstance(formula, str) else formula, values))


@cache
def _parsed(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](_value(operand, values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name](*(_value(argument, values) for argument in arguments))
    raise KeyError(ast.dump(node))


def digits(value: float, count: int = DIGITS) -> str:
    """A number as it is printed in formulas; a negative one in brackets."""
    text = f"{value:.{count}g}"
    return f"({text})" if value < 0 else text


def computed(label: str, formula: str, children: Iterable[Node], **facts: Value) -> Node:
    """A step whose value is what its formula gives."""
    children = tuple(children)
    symbols = {child.symbol: child.value for child in children if child.symbol}
    return Node(label=label, formula=formula, children=children, value=evaluate(formula, symbols), **facts)


def number(symbol: str, label: str, value: float, unit: str = "", **facts: Value) -> Node:
    """A number of a formula."""
    return Node(symbol=symbol, label=label, value=value, unit=unit, **facts)


def listed(nodes: Iterable[Node], words: str) -> Node:
    """Steps of a kind, of which a summary shows the first; their number is put before the words."""
    nodes = tuple(nodes)
    return Node(label=f"{len(nodes):,} {words}", children=nodes, alike=True)


def total(label: str, terms: Iterable[Node], **facts: Value) -> Node:
    """A sum, term by term; the symbols of the terms are numbered."""
    named = [replace(term, symbol=f"{term.symbol or 't'}_{place}") for place, term in enumerate(terms, start=1)]
    return computed(label, " + ".join(term.symbol for term in named) or "0", named, **facts)


def walk(node: Node) -> Iterator[Node]:
    """A step and everything that it follows from."""
    yield node
    for child in node.children:
        yield from walk(child)


def as_dict(node: Node, told: set[tuple]) -> dict:
    """A step and all below it, but for what is empty, and for what is below steps named in `told`, to which it adds."""
    facts = {name: getattr(node, name) for name in ("label", "symbol", "value", "unit", "formula", "note")}
    if node.formula:
        facts |= {"inserted": node.inserted(), "result": node.result, "exact": node.exact}
    place = vars(node.place).items() if node.place else ()
    facts["place"] = {name: value for name, value in place if value not in ("", None)}
    if node.children and node.name in told:
        facts["as_above"] = True
    else:
        told.add(node.name)
        facts["children"] = [as_dict(child, told) for child in node.children]
    return {name: value for name, value in facts.items() if value not in ("", None, [], {})}
