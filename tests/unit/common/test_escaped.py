"""Any text stays text in every place that it goes to, and can be read again where the place allows it."""

import csv
import json
import re
import shlex
import unicodedata

import duckdb
import polars as pl
import pytest
from hostile_texts import BODY, STARTS, UNPRINTABLE
from hypothesis import given, strategies as st
from inference_energy.common import escaped
from inference_energy.common.links import web_address
from markdown_it import MarkdownIt

PARTS = [
    *STARTS, *UNPRINTABLE, *"`*_[]()<>|~#&$!\\'\"=+-@:;%{}\n\r\x00 a1.", "https://a.org/x", "javascript:x", "<b>",
    "</td>", "```", "&amp;", "---", "\ud800", "\U000e0041", "\u00ad", BODY, "x" * 40_000,
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def is_shown(sign):
    return sign.isprintable() or unicodedata.category(sign) == "Zs"


@given(TEXTS)
def test_a_terminal_gets_one_line_of_signs_that_can_be_seen(text):
    line = escaped.terminal(text)
    assert all(map(is_shown, line))
    # In JSON text is what it was.
    assert json.loads(escaped.terminal(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [("Ä × 3\u00a0%", "Ä × 3\u00a0%"), ("a\n\x1b[1m\x9b\u202e\ud800", r"a\n\u001b[1m\u009b\u202e\ud800")],
)
def test_a_terminal_shows_what_cannot_be_printed_as_its_escape(text, line, capsys):
    escaped.show(text, "next")
    assert capsys.readouterr().out == f"{line}\nnext\n"


def tokens(markdown):
    """All tokens of a page, those inside paragraphs too."""
    for token in MARKDOWN.parse(markdown):
        yield from (token, *(token.children or ()))


@given(TEXTS)
def test_markdown_has_no_structure_from_a_text_but_code_and_links_to_the_web(text):
    shown = escaped.markdown(text)
    page = f"# {shown}\n\n{shown}\n\n- {shown}\n\n| a | b |\n|---|---|\n| {shown} | {shown} |\n"
    found = list(tokens(page))
    links = [token.attrs["href"] for token in found if token.type == "link_open"]
    assert all(link.startswith(("http://", "https://")) for link in links)
    inside = {"inline", "text", "code_inline", "link_open", "link_close", "text_special"}
    frame = {"heading", "paragraph", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td"}
    assert {token.type for token in found} <= inside | {f"{name}_{end}" for name in frame for end in ("open", "close")}
    assert sum(token.type == "td_open" for token in found) == 2
    assert sum(token.type == "list_item_open" for token in found) == 1


@given(TEXTS)
def test_markdown_reads_as_the_text(text):
    (inline,) = [token for token in MARKDOWN.parse(f"x {escaped.markdown(text)} x") if token.type == "inline"]
    read = "".join(token.content for token in inline.children)
    written = escaped.terminal(" ".join(f"x {text} x".split()))
    # Without the backticks around code, and with addresses as Markdown writes them.
    plain = [re.sub(r"`|\s+", "", part) for part in (read, written)]
    assert plain[0] == plain[1] or "http" in text


@given(st.lists(TEXTS.filter(lambda text: "\ud800" not in text), min_size=1, max_size=5))
def test_no_cell_of_csv_is_a_formula_and_texts_are_read_as_they_were(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    frame = pl.DataFrame({"name": [f"x{text}" for text in texts], "text": texts, "number": [-1.5] * len(texts)})
    escaped.write_csv(frame, path)
    with path.open(encoding="utf-8", newline="") as handle:
        cells = [row["text"] for row in csv.DictReader(handle)]
    assert not any(cell.startswith(FORMULA) for cell in cells)
    again = escaped.read_csv(path, schema_overrides=frame.schema)
    assert again.with_columns(pl.col("text").fill_null("")).equals(frame)


@given(TEXTS)
def test_a_command_to_copy_has_the_text_as_one_word(text):
    line = f"make explain WHAT={escaped.shell(text)}"
    words = shlex.split(line)
    assert words == ["make", "explain", f"WHAT={escaped.terminal(' '.join(text.split()))}"]
    assert re.search(r"[$`!\\]", line) is None or "'" in line


@given(TEXTS.filter(lambda text: not set("\ud800\x00") & set(text)))
def test_sql_reads_the_text_as_it_is(text):
    assert duckdb.sql(f"SELECT {escaped.sql(text)}").fetchall() == [(text,)]


@pytest.mark.parametrize("text", ["https://a.org", "http://a.org:80/b_(c)?d=e&f#g,h;i'j", "https://ä.org/%20"])
def test_addresses_of_the_web_may_be_links(text):
    assert web_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)", "JavaScript:x", "data:text/html,x", "//a.org", "file:///etc/passwd", "mailto:a@b.c", "",
        None, "https://", "https://a.org b", 'https://a.org/"x', "https://a.org/<x>", " https://a.org", "https://a\nb",
        "https://a.org/\u202ex", "https://a.org/`x`", "see https://a.org", "java\tscript:x", "https:a.org",
    ],
)  # fmt: skip
def test_nothing_else_becomes_a_link(text):
    assert web_address(text) is None
