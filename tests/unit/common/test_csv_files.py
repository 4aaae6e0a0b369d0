"""CSV files: faults of a file stop in one line, cells come back exactly, and every row knows its line."""

import csv
import io

import polars as pl
import pytest
from hypothesis import assume, example, given, settings, strategies as st
from inference_energy.common import csv_files
from inference_energy.common.csv_files import read_text
from messages import message_of
from polars.testing import assert_frame_equal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.csv"


# Faults of a whole file.

BAD_FILES = {
    "missing column": (b"a\n1\n", "line 1: missing column b; allowed: a or b"),
    "extra column": (b"a,b,c\n1,2,3\n", "line 1: unknown column 'c'; allowed: a or b"),
    "doubled column": (b"a,b,a\n1,2,3\n", "line 1: column given twice: 'a'"),
    "column in other case": (b"A,b\n1,2\n", "line 1: missing column a; allowed: a or b"),
    "space before a column": (b"a, b\n1,2\n", "line 1: missing column b; allowed: a or b"),
    "semicolons": (b"a;b\n1;2\n", "line 1: found semicolons between columns; allowed: commas"),
    "tabs": (b"a\tb\n1\t2\n", "line 1: found tabs between columns; allowed: commas"),
    "short row": (b"a,b\n1,2\n3\n", "line 3: found 1 cells; allowed: 2"),
    "long row": (b"a,b\n1,2,3\n", "line 2: found 3 cells; allowed: 2"),
    "long row, the extra cell empty": (b"a,b\n1,2,\n", "line 2: found 3 cells; allowed: 2"),
    "short row after many": (b"a,b\n" + b"1,2\n" * 5000 + b"3\n", "line 5002: found 1 cells; allowed: 2"),
    "ragged after quoted newline": (b'a,b\n"1\n\n",2\n3\n', "line 5: found 1 cells"),
    "unclosed quote": (b'a,b\n"1,2\n', "line 2: malformed CSV"),
    "text after a quote": (b'a,b\n"1"x,2\n', "line 2: malformed CSV"),
    "empty": (b"", ": the file is empty"),
    "only a byte-order mark": (b"\xef\xbb\xbf", ": the file is empty"),
    "header only": (b"a,b\n", ": found a header and no rows"),
    "header without line break": (b"a,b", ": found a header and no rows"),
    "header and blank lines": (b"a,b\n\n\n", ": found a header and no rows"),
    "blank first line": (b"\na,b\n1,2\n", "line 1: missing column a or b"),
    "Latin-1": (b"a,b\n\xe9,2\n", ": not UTF-8 text (byte "),
    "Latin-1 far down": (b"a,b\n" + b"1,2\n" * 20_000 + b"\xe9,2\n", ": not UTF-8 text (byte "),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), ": not UTF-8 text (byte 0)"),
    "newline in a column name": (b'a,b,"c\nd"\n1,2,3\n', "line 1: unknown column "),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_fault_of_a_file(path, fault):
    content, expected = BAD_FILES[fault]
    path.write_bytes(content)
    message = message_of(read_text, path, ["a", "b"])
    assert message.startswith(str(path))
    assert expected in message


def test_missing_file(path):
    assert message_of(read_text, path, ["a"]) == f"{path}: no such file"


def test_folder_instead_of_file(tmp_path):
    assert message_of(read_text, tmp_path, ["a"]).startswith(str(tmp_path))


# What is returned.


def test_lines_after_a_quoted_newline_and_blank_lines(path):
    path.write_bytes(b'a,b\r\n"1\n2",x\r\n\r\n3,"y\n\n"\n4,z\n')
    text = read_text(path, ["a", "b"])
    assert text["line"].to_list() == [2, 5, 8]
    assert text["a"].to_list() == ["1\n2", "3", "4"]


def test_columns_come_in_the_asked_order_stripped_and_empty_is_null(path):
    path.write_bytes(b"\xef\xbb\xbfb,a\n 2 ,\n")
    text = read_text(path, ["a", "b"])
    assert text.rows() == [(None, "2", str(path), 2)]
    assert text.columns == ["a", "b", "file", "line"]


def test_optional_columns_that_the_file_lacks_come_back_null(path):
    path.write_bytes(b"c,a\n3,1\n4,2\n")
    text = read_text(path, ["a", "b", "c"], optional=frozenset({"b", "c"}))
    assert text.rows() == [("1", None, "3", str(path), 2), ("2", None, "4", str(path), 3)]
    assert text.schema["b"] == pl.String


def test_columns_that_are_not_optional_must_be_there(path):
    path.write_bytes(b"c\n3\n")
    message = message_of(read_text, path, ["a", "b", "c"], frozenset({"b", "c"}))
    assert message == f"{path} line 1: missing column a; allowed: a, b or c"


def test_words_and_numbers_stay_as_they_are_written(path):
    path.write_bytes(b"a,b\nNULL,007\nnan,1e400\ntrue,2025-01-01\n")
    text = read_text(path, ["a", "b"])
    assert text.select("a", "b").rows() == [("NULL", "007"), ("nan", "1e400"), ("true", "2025-01-01")]


@pytest.mark.parametrize("name", ["it's.csv", "star*.csv", "star_?.csv", "[x].csv", "with space.csv", "a.gz", "é.csv"])
def test_any_file_name(tmp_path, name):
    (tmp_path / "star_1.csv").write_bytes(b"a\nwrong\n")  # what a pattern would also match
    path = tmp_path / name
    path.write_bytes(b"a\nright\n")
    assert read_text(path, ["a"]).rows() == [("right", str(path), 2)]


def test_the_fast_reader_reads_plain_files_and_leaves_the_others(path):
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    assert csv_files._read_at_once(path, ["a", "b"]).rows() == [("1", "2", 2), ("3", "4", 3)]
    path.write_bytes(b'a,b\n"1\n",2\n')
    assert csv_files._read_at_once(path, ["a", "b"]) is None


# Fast and slow reader.

CHARACTERS = st.one_of(st.sampled_from(list("\",\n\r;\t '\\x1é\u2028\x0b\ufeff")), st.characters(codec="utf-8"))
EDGES = st.sampled_from(["", '"', '""', '","', "\n", "\r\n", "\r", " ", "NULL", "\x00"])
CELLS = st.text(CHARACTERS, max_size=6) | EDGES


def as_cell(text, quoted):
    """Text as one CSV cell, quoted where it must be."""
    if quoted or any(character in text for character in '",\n\r') or text == "":
        return '"' + text.replace('"', '""') + '"'
    return text


def line_breaks(text):
    """Lines that a text ends, on any system."""
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@pytest.mark.slow
@settings(max_examples=150)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, st.booleans(), st.integers(0, 2)), min_size=1, max_size=5),
    newline=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    last_break=st.booleans(),
)
@example(rows=[("\n", "", False, 1), ("1", "2", False, 0)], newline="\n", mark=True, last_break=False)
@example(rows=[("", "\r", False, 0), ("", "", False, 0)], newline="\n", mark=False, last_break=False)
@example(rows=[("1", "2", False, 1), ("\n", "2", False, 0)], newline="\r\n", mark=False, last_break=True)
def test_any_cells_come_back_with_their_lines_from_both_readers(path, rows, newline, mark, last_break):
    content, line, lines = "a,b" + newline, 2, []
    for first, second, quoted, blank in rows:
        content += newline * blank
        line += blank
        lines.append(line)
        written = as_cell(first, quoted) + "," + as_cell(second, quoted)
        content += written + newline
        line += line_breaks(written) + 1
    if not last_break:
        content = content.removesuffix(newline)
    path.write_bytes(b"\xef\xbb\xbf" * mark + content.encode())
    text = read_text(path, ["a", "b"])
    expected = [tuple(cell.strip() or None for cell in row[:2]) for row in rows]
    assert text["line"].to_list() == lines
    # What counts as white space at the ends of a cell differs between Python and polars for rare characters.
    assert [tuple((cell or "").strip() or None for cell in row) for row in text.select("a", "b").rows()] == expected
    slow = csv_files._read_line_by_line(path, ["a", "b"])
    assert slow.select("a", "b").rows() == [row[:2] for row in rows]
    fast = csv_files._read_at_once(path, ["a", "b"])
    if fast is not None:
        nothing = pl.col("a", "b").replace("", None)  # DuckDB makes null of an empty cell, as read_text does
        assert_frame_equal(fast.with_columns(nothing), slow.with_columns(nothing))


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x00"), max_size=8)


@settings(max_examples=100)
@given(rows=st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=20), mark=st.booleans())
def test_cells_without_line_breaks_are_read_the_same_by_both_readers(path, rows, mark):
    handle = io.StringIO(newline="")
    csv.writer(handle, lineterminator="\n").writerows([("a", "b"), *rows])
    written = handle.getvalue()  # the fast reader does not take a blank next to a quote
    assume(not any(pair in written for pair in ('" ', '"\t', ' "', '\t"')))
    path.write_bytes(b"\xef\xbb\xbf" * mark + handle.getvalue().encode())
    fast = csv_files._read_at_once(path, ["a", "b"])
    assert fast is not None
    assert [tuple(cell or "" for cell in row) for row in fast.select("a", "b").rows()] == rows
    assert fast["line"].to_list() == list(range(2, len(rows) + 2))


@pytest.mark.slow
@settings(max_examples=500)
@given(content=st.text(st.sampled_from(list('ab,"\n\r\t 1')), max_size=30))
@example(content="1,2,\n")
@example(content="\r1,2\n")
@example(content="1,2\r3,4\n")
@example(content=', ""')
@example(content=',"" ')
@example(content=",\n\n,,")
@example(content="1\n1,,\n")
def test_whatever_the_fast_reader_accepts_the_slow_one_reads_the_same(path, content):
    path.write_bytes(b"a,b\n" + content.encode())
    fast = csv_files._read_at_once(path, ["a", "b"])
    if fast is not None:
        nothing = pl.col("a", "b").replace("", None)
        slow = csv_files._read_line_by_line(path, ["a", "b"])
        assert_frame_equal(fast.with_columns(nothing), slow.with_columns(nothing))


def test_rows_have_the_line_they_begin_on(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('name,value\na,1\n"b,\nc",\nd,3\n')
    assert csv_files.rows_by_line(path) == {
        2: {"name": "a", "value": "1"},
        3: {"name": "b,\nc", "value": ""},
        5: {"name": "d", "value": "3"},
    }
