"""Numbers that know how they were computed: the code that computes results runs on them and yields its own derivation.

A `Traced` number takes part in arithmetic and in NumPy's functions as any other number does, and remembers both. Within
`following()` a call of a `common.formulas.Formula` becomes a step of its own, with the formula's text, unit, source and
assumptions. What comes out is a number with the value that the code gives and a tree of `step.Node` that ends in the
leaves that went in.
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from inference_energy.common import formula_source
from inference_energy.common.files import ROOT
from inference_energy.common.formulas import TRACER, Formula
from inference_energy.common.step import SYMBOL, Node, Place, evaluate, number, total
from inference_energy.explain.sources import assumptions_of

OPERATORS = {np.add: "+", np.subtract: "-", np.multiply: "*", np.true_divide: "/", np.power: "**"}
COMPARISONS = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
# The operand that leaves the other one as it is, on either side or on the right alone.
NEUTRAL = {np.add: 0, np.multiply: 1}
NEUTRAL_RIGHT = NEUTRAL | {np.subtract: 0, np.true_divide: 1, np.power: 1}
LONGEST_SUM = 3  # terms within one formula; more of them are listed, the largest first
WITHOUT_UNIT = ("share", "factor", "that of the value")
NAME = re.compile(r"\bn\d+\b")  # of a step in a tree


class Traced(NDArrayOperatorsMixin):
    """A number and the arithmetic that gave it.

    Attributes:
        value: the number.
        tree: arithmetic in the names of `parts`.
        parts: steps that it is computed from, and whose each is, by name in the tree.
        about: whose number it is, such as a model and a GPU.
    """

    __slots__ = ("about", "parts", "tree", "value")
    __hash__ = object.__hash__

    def __init__(self, value: float, tree: ast.expr, parts: Mapping[str, tuple[Node, tuple[str, ...]]]):
        self.value, self.tree, self.parts = float(value), tree, parts
        self.about = tuple(dict.fromkeys(word for _, about in parts.values() for word in about))

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("a traced number was turned into an array, which would lose how it was computed")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **_: Any) -> Any:
        value = getattr(ufunc, method)(*map(plain, inputs))
        if ufunc in COMPARISONS:
            return value
        if ufunc in OPERATORS:
            return _operation(ufunc, value, *inputs)
        operands = [_operand(each) for each in inputs]
        if ufunc in formula_source.FUNCTIONS:
            call = ast.Call(ast.Name(formula_source.FUNCTIONS[ufunc]), [_tree(each) for each in operands], [])
            return Traced(value, call, _parts(operands))
        behind = tuple(each.step() for each in operands if isinstance(each, Traced))
        return leaf(Node(label=f"{ufunc.__name__} of what follows", children=behind), value, about=self.about)

    def __array_function__(self, function: Any, types: Any, arguments: tuple, options: dict) -> Any:
        if function is np.where:
            condition, yes, no = arguments
            return yes if condition else no
        return NotImplemented

    def step(self, label: str = "", symbol: str = "", **facts: Any) -> Node:
        """The number as a step of a derivation; of a sum of many terms, or of products, each term is a step below it.

        Args:
            label: what it is; by default what its terms have in common, or that of the one step that it is.
            symbol: its name in the formula of the step above.
            facts: further attributes of the node.
        """
        if isinstance(self.tree, ast.Name):
            node = self.parts[self.tree.id][0]
            return replace(node, label=label or node.label, symbol=symbol or node.symbol, **facts)
        terms, label = _terms(self.tree), label or ", ".join(self.about)
        if _is_long(terms):
            steps = sorted((_term(term, self.parts) for term in terms), key=lambda step: -step.value)
            found = total(label or "sum", steps, symbol=symbol, alike=len(steps) > LONGEST_SUM)
            return replace(found, value=self.value, **facts)
        names = _names(self.tree)
        nodes = [self.parts[name][0] for name in names]
        symbols = dict(zip(names, _symbols(nodes), strict=True))
        formula = NAME.sub(lambda found: symbols[found[0]], ast.unparse(self.tree))
        children = tuple(replace(node, symbol=symbols[name]) for name, node in zip(names, nodes, strict=True))
        known = {"symbol": symbol, "value": self.value, "formula": formula, "children": children}
        return Node(label=label or formula, **known | facts)


def plain(value: Any) -> Any:
    """The number alone."""
    return value.value if isinstance(value, Traced) else value


def leaf(node: Node, value: float | None = None, about: tuple[str, ...] = ()) -> Traced:
    """A number that computations start from.

    By default it is the value of the node; `about` says whose it is.
    """
    known = node if value is None else replace(node, value=float(value))
    name = f"n{id(known)}"
    return Traced(known.value, ast.Name(name), {name: (known, about)})


def given(symbol: str, label: str, value: float, *behind: Node, about: tuple[str, ...] = (), **facts: Any) -> Traced:
    """A number that computations start from, by what it is, and the steps behind it."""
    return leaf(number(symbol, label, value, children=behind, **facts), about=about)


def named(value: Any, label: str, symbol: str = "", *, about: tuple[str, ...] = (), **facts: Any) -> Any:
    """A traced number as one step with a label; any other as it is."""
    return leaf(value.step(label, symbol, **facts), value.value, about=about) if isinstance(value, Traced) else value


def node_of(value: Any, label: str, symbol: str = "", **facts: Any) -> Node:
    """A number as a step, also one that nothing was traced of."""
    return value.step(label, symbol, **facts) if isinstance(value, Traced) else number(symbol, label, value, **facts)


@contextmanager
def following() -> Iterator[None]:
    """Calls of formulas become steps where an argument is traced."""
    token = TRACER.set(_call)
    try:
        yield
    finally:
        TRACER.reset(token)


def _call(formula: Formula, arguments: Mapping[str, Any]) -> Any:
    value = formula.function(**{name: plain(argument) for name, argument in arguments.items()})
    traced = {name: argument for name, argument in arguments.items() if isinstance(argument, Traced)}
    if not traced:
        return value
    known = formula_source.constants(formula) | formula.defaults | arguments
    text = _text(formula, tuple((name, _digits(v)) for name, v in known.items() if not isinstance(v, Traced)))
    used = traced.keys() & set(SYMBOL.findall(text))
    if not used or text in used:  # nothing is left of the formula but a number, or an argument
        return traced.get(text, value)
    declared, meanings = _declared(formula)
    about = tuple(dict.fromkeys(word for name, each in traced.items() if name in used for word in each.about))
    children = [each.step(_label(each, meanings[name]), name) for name, each in traced.items() if name in used]
    label, children = ", ".join([declared.label, *about]), (*children, *declared.children)
    return leaf(replace(declared, label=label, formula=text, children=children), value, about=about)


@cache
def _text(formula: Formula, given: tuple[tuple[str, str], ...]) -> str:
    return formula_source.text(formula, dict(given))


@cache
def _declared(formula: Formula) -> tuple[Node, Mapping[str, str]]:
    """A step with what a formula says of itself, and the meanings of its arguments by its docstring."""
    code, (_, _, lines) = formula.function.__code__, inspect.getdoc(formula.function).partition("Args:")
    words = dict(re.findall(r"^ +(\w+): ([^;,.]+)", lines, flags=re.MULTILINE))
    node = Node(
        label=re.split(r"[:.](?:\s|$)", formula.summary)[0].rstrip(", "),
        symbol=formula.name,
        unit="" if formula.unit in WITHOUT_UNIT else formula.unit,
        note="" if formula.source == "arithmetic" else f"Source: {formula.source}",
        place=Place(
            kind="formula",
            file=Path(code.co_filename).resolve().relative_to(ROOT).as_posix(),
            line=code.co_firstlineno,
        ),
        children=assumptions_of(formula.function),
    )
    return node, {name: words.get(name, name.replace("_", " ")) for name in formula.parameters}


def _label(argument: Traced, meaning: str) -> str:
    """What an argument that is an expression means; a step has its own label."""
    return "" if isinstance(argument.tree, ast.Name) else ", ".join([meaning, *argument.about])


def _digits(value: Any) -> str:
    return f"{int(value)}" if value == int(value) else repr(float(value))


# Arithmetic


def _operation(ufunc: np.ufunc, value: float, *inputs: Any) -> Any:
    if len(inputs) == 1:
        return Traced(value, ast.UnaryOp(ast.USub(), _tree(_operand(inputs[0]))), _parts(inputs))
    left, right = inputs
    if _is(left, NEUTRAL.get(ufunc)):
        return right
    if _is(right, NEUTRAL_RIGHT.get(ufunc)):
        return left
    if value == 0 and ufunc in (np.multiply, np.true_divide) and any(not isinstance(each, Traced) for each in inputs):
        return value  # nothing is left of the other operand
    if ufunc is not np.add:
        left, right = _operand(left), _operand(right)
    operator = ast.parse(f"a {OPERATORS[ufunc]} b", mode="eval").body.op
    return Traced(value, ast.BinOp(_tree(left), operator, _tree(right)), _parts((left, right)))


def _is(operand: Any, neutral: int | None) -> bool:
    """Whether an operand is a plain number that leaves the other one as it is."""
    return neutral is not None and not isinstance(operand, Traced) and np.size(operand) == 1 and operand == neutral


def _operand(value: Any) -> Any:
    """A number as an operand of something else than a sum: a long sum becomes a step of its own."""
    if isinstance(value, Traced) and _is_long(_terms(value.tree)):
        shared = [{word for name in _names(term) for word in value.parts[name][1]} for term in _terms(value.tree)]
        about = tuple(word for word in value.about if all(word in other for other in shared))
        return named(value, ", ".join(["sum", *about]), about=about)
    return value


def _tree(value: Any) -> ast.expr:
    if isinstance(value, Traced):
        return value.tree
    return ast.Constant(ast.literal_eval(_digits(np.asarray(value).item())))


def _parts(values: Any) -> dict[str, tuple[Node, tuple[str, ...]]]:
    return {name: part for each in values if isinstance(each, Traced) for name, part in each.parts.items()}


def _terms(tree: ast.expr) -> list[ast.expr]:
    """Terms of a sum."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        return [*_terms(tree.left), *_terms(tree.right)]
    return [tree]


def _is_long(terms: list[ast.expr]) -> bool:
    """Whether terms are too many, or too long, to be read in one formula."""
    products = [term for term in terms if not isinstance(term, ast.Name | ast.Constant)]
    return len(terms) > LONGEST_SUM or (len(terms) > 1 and len(products) > 1)


def _names(tree: ast.expr) -> list[str]:
    """Names of steps in a tree, each once, in order."""
    return list(dict.fromkeys(NAME.findall(ast.unparse(tree))))


def _term(tree: ast.expr, parts: Mapping[str, tuple[Node, tuple[str, ...]]]) -> Node:
    """A term of a sum as a step."""
    own = {name: parts[name] for name in _names(tree)}
    value = evaluate(tree, {name: node.value for name, (node, _) in own.items()})
    return Traced(value, tree, own).step() if own else number("", "constant", value)


def _symbols(nodes: list[Node]) -> list[str]:
    """A symbol for each step of a formula: its own, numbered where several have the same."""
    own = [node.symbol or "x" for node in nodes]
    return [f"{name}_{own[:place].count(name) + 1}" if own.count(name) > 1 else name for place, name in enumerate(own)]
