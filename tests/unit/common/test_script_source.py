"""Functions of several steps as JavaScript: what the text is, and what is refused."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from inference_energy.common import script_source
from inference_energy.common.formulas import formula

TIMES, LOG_OF_TEN = 3, float(np.log(10))


@formula(unit="m", source="arithmetic")
def doubled(*, length):
    """Twice a length."""
    return 2 * length


@dataclass
class Box:
    """A box."""

    width: float
    height: float

    @property
    def area(self):
        """Its area."""
        return self.width * self.height

    def larger(self, by):
        """A box that is wider, at least one."""
        exp = np.exp
        width, height = self.width * exp(by), -self.height
        return Box(width=np.maximum(width, 1.0), height=np.where(height > 0, height, self.area**2))


def volume(box, given, depth=None):
    """Volume of a box.

    More about it.
    """
    of = box.larger(given["by"]).area
    if depth is not None:
        of = of[depth]
    small = of < np.finfo(float).tiny
    if small.any():
        of[small] = doubled(length=of) + LOG_OF_TEN
    for _ in range(TIMES):
        of = np.clip(of, 0.5, 4) * np.expm1(of)
    return of, small & (of >= 1)


class Cube:
    """A cube."""

    edge: float

    @cached_property
    def side(self):
        """Its side."""
        return self.edge * self.edge

    def surface(self):
        """All sides."""
        return 6 * self.side


def test_a_property_that_is_kept_is_a_function_too():
    script = script_source.javascript([Cube.__dict__["side"], Cube.surface], "Cubes")
    assert "function side(self) {\n    return (self.edge * self.edge);" in script
    assert "return (6 * side(self));" in script


def test_functions_by_hand():
    script = script_source.javascript([Box.area, Box.larger, volume], "Boxes")
    for line in (
        "const Boxes = (() => {",
        "/* Its area. */",
        "return (self.width * self.height);",
        "let [width, height] = [(self.width * Math.exp(by)), (-self.height)];",
        "return ({ width: Math.max(width, 1.0), height: ((height > 0) ? height : Math.pow(area(self), 2)) });",
        "/* Volume of a box. */",
        "function volume(box, given, depth) {",
        "let of = area(larger(box, given.by));",
        "let small = (of < 2.2250738585072014e-308);",
        "if (small) {",
        f"of = (Formulas.doubled({{ length: of }}) + {LOG_OF_TEN!r});",
        "for (let _ = 0; _ < 3; _++) {",
        "of = (Math.min(Math.max(of, 0.5), 4) * Math.expm1(of));",
        "return [of, (small && (of >= 1))];",
        "return { area, larger, volume };",
    ):
        assert f"{line}\n" in script, line
    assert "depth]" not in script and "exp =" not in script


def while_loop(x):
    while x > 1:
        x = x / 2
    return x


def unknown_function(x):
    return np.sin(x)


def other_function(x):
    return while_loop(x)


def keyword(x):
    return np.maximum(x, x2=1)


def text(x):
    return "a"


def two_comparisons(x):
    return 0 < x < 1


def attribute_assigned(x):
    x.width = 1
    return x


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (while_loop, "while x > 1"),
        (unknown_function, "np.sin(x)"),
        (other_function, "while_loop(x)"),
        (keyword, "np.maximum(x, x2=1)"),
        (text, "'a'"),
        (two_comparisons, "0 < x < 1"),
        (attribute_assigned, "x.width"),
    ],
)
def test_what_is_refused(function, found):
    with pytest.raises(TypeError, match=r"allowed: what common/script_source\.py says") as error:
        script_source.javascript([function], "Some")
    assert f"{function.__name__}: found `{found}" in str(error.value)


def test_names_differ():
    with pytest.raises(TypeError, match="two functions of one name"):
        script_source.javascript([volume, volume], "Boxes")
