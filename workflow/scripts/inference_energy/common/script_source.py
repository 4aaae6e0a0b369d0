"""Functions of several steps as JavaScript: what they compute for arrays of draws, for one draw.

    def at(self, batch):
        '''Time per output token with some running requests.'''
        used = self._experts_read(batch)
        return Time(seconds=self.fixed_s / batch + used, share=used / batch)

A function may assign names, repeat a block with `for ... in range(...)`, and return a number, a tuple or a record. Its
expressions are arithmetic, comparisons, `np` functions of `CALLS`, formulas, other functions that are given, attributes
and methods of records, and entries `given["name"]`. What does not depend on arguments is a constant.

With one draw there is nothing to choose among draws: `if mask.any():` becomes `if (mask)`, `values[mask] = ...`
replaces the value, and a block `if where is not None:` is left out.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from inference_energy.common.formulas import Formula

Property = property | cached_property
CALLS = {
    np.exp: "Math.exp({0})",
    np.expm1: "Math.expm1({0})",
    np.log: "Math.log({0})",
    np.log2: "Math.log2({0})",
    np.sqrt: "Math.sqrt({0})",
    np.minimum: "Math.min({0}, {1})",
    np.maximum: "Math.max({0}, {1})",
    np.clip: "Math.min(Math.max({0}, {1}), {2})",
    np.where: "({0} ? {1} : {2})",
}
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitAnd: "&&"}
COMPARISONS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}


def javascript(functions: Iterable[Callable | Property], name: str) -> str:
    """An object of functions with the arguments of the Python functions, in their order; methods take the record first.

    Formulas in them are those of the object `Formulas`, see `formula_source.javascript`.

    Raises:
        TypeError: a statement or an expression that has no meaning there, or two functions of one name.
    """
    known = {_function(of).__name__: of for of in functions}
    if len(known) != len(list(functions)):
        raise TypeError(f"{name}: found two functions of one name; allowed: names that differ")
    body = "\n".join(_Script(of, known).text() for of in known.values())
    return f"""/* Generated from functions of the package; edit them there. */
"use strict";

const {name} = (() => {{
{textwrap.indent(body, "  ")}
  return {{ {", ".join(known)} }};
}})();
"""


def _function(of: Callable | Property) -> Callable:
    match of:
        case property():
            return of.fget
        case cached_property():
            return of.func
    return of


class _Script:
    """One function."""

    def __init__(self, of: Callable | Property, known: dict[str, Callable | Property]):
        self.function, self.known = _function(of), known
        source = textwrap.dedent(inspect.getsource(self.function))
        (self.node,) = ast.parse(source).body
        self.arguments = [each.arg for each in self.node.args.args]
        self.local = set(self.arguments)
        self.other: dict[str, object] = {}  # names that stand for a function of numpy

    def text(self) -> str:
        """The function."""
        docstring, *body = self.node.body
        summary = " ".join(docstring.value.value.split("\n\n")[0].split()) if self._is_text(docstring) else ""
        lines = "".join(self.statement(each) for each in (body if summary else self.node.body))
        head = f"/* {summary} */\n" if summary else ""
        return f"{head}function {self.node.name}({', '.join(self.arguments)}) {{\n{lines}}}\n"

    @staticmethod
    def _is_text(node: ast.stmt) -> bool:
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

    def refused(self, node: ast.AST) -> TypeError:
        allowed = "what common/script_source.py says"
        return TypeError(f"{self.function.__qualname__}: found `{ast.unparse(node)}`; allowed: {allowed}")

    def statement(self, node: ast.stmt) -> str:
        match node:
            case ast.Return(value=ast.expr() as value):
                return f"  return {self.expression(value)};\n"
            case ast.Assign(targets=[target], value=value):
                return self.assigned(target, value)
            case ast.If(test=ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]), orelse=[]):
                return ""
            case ast.If(test=ast.Call(func=ast.Attribute(value=mask, attr="any")), body=body, orelse=[]):
                return f"  if ({self.expression(mask)}) {{\n{''.join(map(self.statement, body))}  }}\n"
            case ast.For(
                target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[count]), body=body, orelse=[]
            ):
                lines = "".join(map(self.statement, body))
                times = self.expression(count)
                return f"  for (let {name} = 0; {name} < {times}; {name}++) {{\n{lines}  }}\n"
        raise self.refused(node)

    def assigned(self, target: ast.expr, value: ast.expr) -> str:
        match target:
            case ast.Name(id=name):
                found = self.constant(value)
                if isinstance(found, np.ufunc):
                    self.other[name] = found
                    return ""
                word = "" if name in self.local else "let "
                right = self.expression(value)
                self.local.add(name)
                return f"  {word}{name} = {right};\n"
            case ast.Tuple(elts=names) if all(isinstance(each, ast.Name) for each in names):
                right = self.expression(value)
                self.local |= {each.id for each in names}
                return f"  let [{', '.join(each.id for each in names)}] = {right};\n"
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name()) if name in self.local:
                return f"  {name} = {self.expression(value)};\n"
        raise self.refused(target)

    def constant(self, node: ast.expr) -> object:
        """What an expression without arguments or local names stands for; none where it has some."""
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        if names & self.local or names & self.other.keys():
            return None
        try:
            return eval(compile(ast.Expression(node), "", "eval"), self.function.__globals__)
        except (NameError, AttributeError):
            return None

    def expression(self, node: ast.expr) -> str:
        found = self.constant(node)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return repr(float(found)) if isinstance(found, np.floating) else repr(found)
        match node:
            case ast.Name(id=name) if name in self.local:
                return name
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"Math.pow({self.expression(left)}, {self.expression(right)})"
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return f"({self.expression(left)} {OPERATORS[type(op)]} {self.expression(right)})"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"(-{self.expression(operand)})"
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
                return f"({self.expression(left)} {COMPARISONS[type(op)]} {self.expression(right)})"
            case ast.Tuple(elts=each):
                return f"[{', '.join(map(self.expression, each))}]"
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name))):
                return f"{self.expression(value)}.{name}"
            case ast.Attribute(value=value, attr=name):
                of = self.expression(value)
                return f"{name}({of})" if isinstance(self.known.get(name), Property) else f"{of}.{name}"
            case ast.Call(func=func, args=args, keywords=keywords):
                return self.call(node, func, list(map(self.expression, args)), keywords)
        raise self.refused(node)

    def call(self, node: ast.Call, func: ast.expr, args: list[str], keywords: list[ast.keyword]) -> str:
        named = {word.arg: self.expression(word.value) for word in keywords}
        record = "{ " + ", ".join(f"{name}: {value}" for name, value in named.items()) + " }"
        of = self.other.get(func.id) if isinstance(func, ast.Name) else None
        of = self.constant(func) if of is None else of
        if isinstance(of, Formula) and not args:
            return f"Formulas.{of.name}({record})"
        if isinstance(of, type) and not args:
            return f"({record})"
        if of in CALLS and not keywords:
            return CALLS[of].format(*args)
        name = getattr(of, "__name__", None)
        if name in self.known and _function(self.known[name]) is of and not keywords:
            return f"{name}({', '.join(args)})"
        if of is None and isinstance(func, ast.Attribute) and func.attr in self.known and not keywords:
            return f"{func.attr}({', '.join([self.expression(func.value), *args])})"
        raise self.refused(node)
