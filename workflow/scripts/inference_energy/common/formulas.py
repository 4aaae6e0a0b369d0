"""Formulas written once: a function of one expression that runs on numbers and arrays, and that others can read.

    @formula(unit="W", source="...")
    def board_power_w(*, tdp_w, idle_share, saturated_share, load):
        '''Power of a GPU's board: ...'''
        return tdp_w * (idle_share + (saturated_share - idle_share) * load)

The body is a docstring, `# ASSUME:` comments and one `return` of arithmetic (`+ - * / **`) in the parameters, constants
of a module, other formulas, and `np.exp`, `np.log`, `np.sqrt`, `np.minimum` and `np.maximum`. A formula is called like
a function; `formula_source` gives it as text, as JavaScript, and with its assumptions.

To follow an evaluation, set `TRACER` to a function `trace(formula, arguments)`. It is then called in place of every
formula, also of those that a formula calls, and what it returns is the value: it can unwrap the arguments, call
`formula.function(**arguments)`, record the three, and wrap the value.

    token = TRACER.set(trace)
    try: ...
    finally: TRACER.reset(token)
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import update_wrapper
from inspect import cleandoc
from typing import Any

import numpy as np

TRACER: ContextVar[Callable[["Formula", Mapping[str, Any]], Any] | None] = ContextVar("tracer", default=None)
Quantity = float | np.ndarray
REGISTRY: dict[str, "Formula"] = {}  # by module and name, those of the modules that are imported


class Formula:
    """A keyword-only function whose body is one expression.

    Attributes:
        function: the plain function.
        name: of the function.
        module: that it is defined in.
        unit: of the value.
        source: where the formula was published, or `arithmetic`.
        summary: first sentence of the docstring.
        parameters: names of the arguments, in order.
        defaults: values of the arguments that may be left out.
    """

    def __init__(self, function: Callable, unit: str, source: str):
        code = function.__code__
        if code.co_argcount or not code.co_kwonlyargcount or code.co_flags & 0x0C:
            raise TypeError(f"{_place(function)}: found arguments {code.co_varnames}; allowed: keyword-only arguments")
        for what, text in (("unit", unit), ("source", source), ("docstring", function.__doc__)):
            if not text:
                raise TypeError(f"{_place(function)}: found no {what}; a formula has a unit, a source and a docstring")
        update_wrapper(self, function)
        self.function = function
        self.name, self.module = function.__name__, function.__module__
        self.unit, self.source = unit, source
        self.summary = " ".join(cleandoc(function.__doc__).split("\n\n")[0].split())
        self.parameters = code.co_varnames[: code.co_kwonlyargcount]
        self.defaults = dict(function.__kwdefaults__ or {})

    def __call__(self, **arguments: Any) -> Any:
        """The value; see the module about `TRACER`."""
        trace = TRACER.get()
        return self.function(**arguments) if trace is None else trace(self, arguments)

    def __repr__(self) -> str:
        return f"<formula {self.module}.{self.name}>"


def formula(*, unit: str, source: str) -> Callable[[Callable], Formula]:
    """Declare a function to be a formula, and add it to `REGISTRY`.

    Args:
        unit: of the value; `share` or `factor` where it has none.
        source: where the formula was published, or `arithmetic`.

    Raises:
        TypeError: arguments that are not keyword-only, or no unit, source or docstring.
    """

    def declared(function: Callable) -> Formula:
        found = Formula(function, unit, source)
        REGISTRY[f"{found.module}.{found.name}"] = found
        return found

    return declared


def _place(function: Callable) -> str:
    return f"{function.__code__.co_filename}:{function.__code__.co_firstlineno} {function.__name__}"
