"""Text in pages is escaped; addresses become links, what stands between backticks code."""

import pytest
from inference_energy.common.html import breakable, inline, paragraphs, write
from jinja2 import UndefinedError


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("see https://example.org/a_b.", 'see <a href="https://example.org/a_b">https://example.org/a_b</a>.'),
        ("(https://example.org/a)", '(<a href="https://example.org/a">https://example.org/a</a>)'),
        ("arXiv 2509.20241, Methods", '<a href="https://arxiv.org/abs/2509.20241">arXiv 2509.20241</a>, Methods'),
        ("arXiv:2509.20241v1", '<a href="https://arxiv.org/abs/2509.20241v1">arXiv:2509.20241v1</a>'),
        (
            "doi:10.1016/j.joule.2026.102430.",
            '<a href="https://doi.org/10.1016/j.joule.2026.102430">doi:10.1016/j.joule.2026.102430</a>.',
        ),
        ("key `a < b` of", "key <code>a &lt; b</code> of"),
        (
            'https://example.org/"onclick',
            '<a href="https://example.org/&#34;onclick">https://example.org/&#34;onclick</a>',
        ),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_inline(text, html):
    assert str(inline(text)) == html


def test_paragraphs_keep_what_is_indented():
    text = "First line\nof two.\n\n    a = b\n    c = d\n\nLast."
    assert str(paragraphs(text)) == "<p>First line of two.</p>\n<pre>a = b\nc = d</pre>\n<p>Last.</p>\n"


def test_long_names_may_break_behind_their_parts():
    assert str(breakable("config/a.b_<c>")) == "config/<wbr>a.<wbr>b_<wbr>&lt;c&gt;"


def test_a_page_takes_its_place_when_complete(tmp_path):
    template = tmp_path / "page.html.j2"
    template.write_text("<p>{{ text }}</p>\n")
    page = tmp_path / "page.html"
    write(page, template, text="a < b")
    assert page.read_text() == "<p>a &lt; b</p>\n"
    with pytest.raises(UndefinedError):
        write(page, template)
    assert page.read_text() == "<p>a &lt; b</p>\n"
    assert sorted(tmp_path.iterdir()) == [page, template]
