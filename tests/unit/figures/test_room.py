"""Widths of text by hand, where texts lie in a drawing, and the canvas that holds them."""

from itertools import pairwise

import altair as alt
import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.figures import render, room, theme

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50" viewBox="0 0 100 50">'
    '<rect width="100" height="50" fill="white"/><g transform="translate(10,20)"><g class="mark-text role-axis-label">'
    '{}</g><g class="mark-group role-title"><g transform="translate(-6,0)"><g class="mark-text role-title-text">'
    '<text transform="translate(0,10)" font-size="10px">ii</text></g></g></g></g></svg>'
)


def drawing(text: str) -> str:
    return DRAWING.format(text)


def test_widths_by_hand():
    # i and j are 0.28 em, a space 0.32, W 0.99 and in bold 1.10; what is not known is as wide as it is high.
    assert room.width("ij W", 100) == pytest.approx(28 + 28 + 32 + 99)
    assert room.width("W", 10, bold=True) == pytest.approx(11)
    assert room.width("能", 10) == 10
    assert room.width("", 10) == 0


def test_texts_are_found_where_they_are():
    text = '<text text-anchor="end" transform="translate(5,7)" font-size="10px">ij</text>'
    label, title = room.boxes(drawing(text))
    assert label[:5] == ("ij", pytest.approx(15 - 5.6), pytest.approx(27 - 7.6), 15, pytest.approx(27 + 2.4))
    assert (label.role, title.role, label.turned) == ("axis-label", "title-text", False)
    assert title.left == 4


def test_a_turned_text_reaches_upwards():
    text = '<text transform="translate(5,7) rotate(-90)" font-size="10px">WW</text>'
    box = room.boxes(drawing(text))[0]
    assert (box.left, box.right) == (pytest.approx(15 - 7.6), pytest.approx(15 + 2.4))
    assert (box.top, box.bottom) == (pytest.approx(27 - 19.8), pytest.approx(27))
    assert box.turned


def test_lines_of_a_text_lie_below_each_other_and_hidden_texts_nowhere():
    text = '<text font-size="10px"><tspan>a</tspan><tspan x="0" dy="12">b</tspan></text><text opacity="0">c</text>'
    first, second, _ = room.boxes(drawing(text))
    assert (first.text, second.text) == ("a", "b") and second.top - first.top == pytest.approx(12)


def test_a_drawing_that_holds_its_texts_stays():
    svg = drawing('<text transform="translate(5,7)" font-size="10px">ij</text>')
    assert room.fitted(svg) == svg


def test_the_canvas_grows_where_a_text_leaves_it_and_the_title_stays():
    # 3 W are 29.7 px: from -14.7 to 15, which with 4 px at the edge takes 19 px more on the left.
    fitted = room.fitted(drawing('<text text-anchor="end" transform="translate(5,7)" font-size="10px">WWW</text>'))
    assert room.canvas(fitted) == (119, 50)
    assert '<rect width="119" height="50"' in fitted and 'width="119" height="50" viewBox="0 0 119 50"' in fitted
    label, title = room.boxes(fitted)
    assert label.left == pytest.approx(19 - 14.7) and title.left == 4
    # From 80 to 109.7 on the right.
    fitted = room.fitted(drawing('<text transform="translate(70,7)" font-size="10px">WWW</text>'))
    assert room.canvas(fitted) == (114, 50) and [box.left for box in room.boxes(fitted)] == [80, 4]


def test_a_drawn_figure_holds_a_long_label_at_either_side():
    rows = pl.DataFrame({"label": ["W" * 30, "a"], "x": [1, 2], "said": ["a", "W" * 40]})
    base = alt.Chart(rows).encode(y="label:N", x="x:Q")
    chart = (base.mark_bar() + base.mark_text(align="left").encode(text="said:N")).properties(width=200, height=60)
    svg = render.formats(theme.titled(chart, finding="W " * 60, conditions="m " * 90))["svg"].decode()
    wide, high = room.canvas(svg)
    assert all(box.left >= 0 and box.right <= wide and box.top >= 0 and box.bottom <= high for box in room.boxes(svg))
    title = next(box for box in room.boxes(svg) if box.role == "title-text")
    assert title.left == theme.PADDING["left"]


@given(st.text("Wi ", max_size=200), st.floats(300, 900), st.booleans())
def test_lines_fit_and_keep_all_words(text, wide, bold):
    found = room.lines(text, wide, 12, bold=bold, most=1000)
    assert all(room.width(line, 12, bold=bold) <= max(wide, 36 * 12 * 1.1) for line in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    # A line is only broken where the next word has no room.
    for line, after in pairwise(found):
        assert room.width(f"{line} {after.split(' ')[0]}", 12, bold=bold) > wide


def test_lines_beyond_the_most_are_left_out():
    assert room.lines("WW WW WW", 25, 12, most=2) == ["WW", "WW …"]
