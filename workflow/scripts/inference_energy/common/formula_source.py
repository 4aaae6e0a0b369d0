"""A formula in other forms: as text for derivations, as JavaScript for the page, with its constants and assumptions.

Everything here comes from the source of the function, which is parsed when it is asked for.
"""

import ast
import copy
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from inference_energy.common import comments
from inference_energy.common.comments import Assumption
from inference_energy.common.formulas import Formula

FUNCTIONS = {np.exp: "exp", np.log: "ln", np.sqrt: "sqrt", np.minimum: "min", np.maximum: "max"}
JAVASCRIPT = {"exp": "Math.exp", "ln": "Math.log", "sqrt": "Math.sqrt", "min": "Math.min", "max": "Math.max"}
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def text(of: Formula, given: Mapping[str, str] | None = None) -> str:
    """A formula as arithmetic in its parameters and constants, with `exp ln sqrt min max`; formulas in it written out.

    Args:
        of: the formula.
        given: symbols or numbers in place of parameters. Terms that 0 and 1 make superfluous are left out:
            `{"divisor": "1"}` drops a division.
    """
    put_in = {name: ast.parse(value, mode="eval").body for name, value in (given or {}).items()}
    return ast.unparse(_Folding().visit(_substituted(_expression(of), put_in)))


def constants(of: Formula) -> dict[str, float]:
    """Constants of modules that the text of a formula names, with their values."""
    return dict(_read(of)[1])  # not the one that is kept


def assumptions(of: Formula) -> list[Assumption]:
    """Modelling choices stated in a formula, with file and line."""
    file = inspect.getsourcefile(of.function)
    return [found for found in comments.of_module(file, Path(file).read_text()) if found.within == of.name]


def javascript(formulas: Iterable[Formula]) -> str:
    """An object `Formulas` of functions with named arguments, each a number or an array of one value per draw.

    An argument that is a number stands for all draws; where all are numbers, so is the value.

    Raises:
        TypeError: two formulas of one name, or two constants.
    """
    formulas, known = list(formulas), {}
    names = [of.name for of in formulas]
    for name in names:
        if names.count(name) > 1:
            raise TypeError(f"formulas of the page: found {name} twice; allowed: names that differ")
    for of in formulas:
        for name, value in constants(of).items():
            if known.setdefault(name, value) != value:
                raise TypeError(f"constants of the page: found {name} of {known[name]} and of {value}; allowed: one")
    parts = [f"  const {name} = {value!r};" for name, value in sorted(known.items())]
    parts += [_function(of) for of in formulas]
    return _PAGE.format(body="\n".join(parts), names=", ".join(names))


_PAGE = """/* Generated from the formulas of the package; edit them there. */
"use strict";

const Formulas = (() => {{
  const draws = (quantities) => quantities.find((quantity) => typeof quantity !== "number")?.length;
  const indexed = (quantity) => (typeof quantity === "number" ? Float64Array.of(quantity) : quantity);
  const mask = (quantity) => (typeof quantity === "number" ? 0 : -1);

{body}

  return {{ {names} }};
}})();
"""
_FUNCTION = """
  /* {summary} Unit: {unit}. */
  function {name}({{ {signature} }}) {{
    const at = ({names}) => {expression};
    const n = draws([{names}]);
    if (n === undefined) return at({names});
    const [{arrays}] = [{names}].map(indexed);
    const [{masks}] = [{names}].map(mask);
    const found = new Float64Array(n);
    for (let i = 0; i < n; i++) found[i] = at({elements});
    return found;
  }}"""


def _function(of: Formula) -> str:
    names = of.parameters
    return _FUNCTION.format(
        summary=of.summary,
        unit=of.unit,
        name=of.name,
        signature=", ".join(f"{name} = {of.defaults[name]!r}" if name in of.defaults else name for name in names),
        names=", ".join(names),
        expression=ast.unparse(_Script().visit(_substituted(_expression(of), {}))),
        arrays=", ".join(f"a{place}" for place, _ in enumerate(names)),
        masks=", ".join(f"m{place}" for place, _ in enumerate(names)),
        elements=", ".join(f"a{place}[i & m{place}]" for place, _ in enumerate(names)),
    )


class _Script(ast.NodeTransformer):
    """Functions as JavaScript names them, and powers as calls, since there a negative number has no `**`."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        node.func = ast.Name(JAVASCRIPT[node.func.id])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            return ast.Call(ast.Name("Math.pow"), [node.left, node.right], [])
        return node


def _expression(of: Formula) -> ast.expr:
    return _read(of)[0]


@cache
def _read(of: Formula) -> tuple[ast.expr, dict[str, float]]:
    """The expression in parameters and constants, other formulas written out; and its constants."""
    (function,) = ast.parse(inspect.getsource(of.function)).body
    _, *body = function.body
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        raise TypeError(f"{of!r}: found {len(body)} statements; allowed: a docstring and one `return`")
    known: dict[str, float] = {}

    def constant(name: str, value: float) -> None:
        if known.setdefault(name, value) != value or name in of.parameters:
            raise TypeError(f"{of!r}: found two meanings of {name}; allowed: one")

    def read(node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant(value=int() | float()):
                return node
            case ast.Name(id=name) if name in of.parameters:
                return ast.Name(name)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, OPERATORS):
                return ast.BinOp(read(left), op, read(right))
            case ast.UnaryOp(op=ast.USub() as op, operand=operand):
                return ast.UnaryOp(op, read(operand))
            case ast.Name() | ast.Attribute():
                value = _named(of, node)
                if isinstance(value, int | float):
                    name = node.id if isinstance(node, ast.Name) else node.attr
                    constant(name, value)
                    return ast.Name(name)
            case ast.Call(func=func, args=args, keywords=keywords):
                value = _named(of, func)
                if isinstance(value, np.ufunc) and value in FUNCTIONS and not keywords:
                    return ast.Call(ast.Name(FUNCTIONS[value]), [read(argument) for argument in args], [])
                if isinstance(value, Formula) and not args:
                    inner, others = _read(value)
                    for name, number in others.items():
                        constant(name, number)
                    defaults = {name: ast.Constant(number) for name, number in value.defaults.items()}
                    return _substituted(inner, defaults | {word.arg: read(word.value) for word in keywords})
        raise TypeError(
            f"{of!r}: found `{ast.unparse(node)}`; allowed: arithmetic in parameters, constants, formulas and"
            f" {', '.join(function.__name__ for function in FUNCTIONS)}"
        )

    return read(body[0].value), known


def _named(of: Formula, node: ast.expr) -> object:
    """What a name, or a name of a module, stands for in the module of a formula."""
    if isinstance(node, ast.Name):
        return of.function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_named(of, node.value), node.attr, None)
    return None


def _substituted(node: ast.expr, given: Mapping[str, ast.expr]) -> ast.expr:
    """A copy with expressions in place of names."""
    return _Substitution(given).visit(copy.deepcopy(node))


class _Substitution(ast.NodeTransformer):
    def __init__(self, given: Mapping[str, ast.expr]):
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]  # and not the name of the function
        return node


class _Folding(ast.NodeTransformer):
    """Drops factors of 1, summands of 0, and products with 0."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = node.left, node.right
        zero_left, zero_right, one_left, one_right = (
            isinstance(side, ast.Constant) and side.value == value for value in (0, 1) for side in (left, right)
        )
        match node.op:
            case ast.Add() if zero_left:
                return right
            case ast.Add() | ast.Sub() if zero_right:
                return left
            case ast.Mult() if zero_left or one_right:
                return left
            case ast.Mult() if zero_right or one_left:
                return right
            case ast.Div() | ast.Pow() if one_right or (zero_left and isinstance(node.op, ast.Div)):
                return left
            case ast.Pow() if one_left:
                return left
        return node
