"""Addresses in text, without the sign of punctuation behind them."""

import pytest
from inference_energy.common.links import LINK, address, first_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.org/b.", "https://a.org/b"),
        ("(https://a.org/b, page 3); https://c.org", "https://a.org/b"),
        ("https://a.org/b;", "https://a.org/b"),
        ("none", ""),
        (None, ""),
    ],
)
def test_first_url(text, url):
    assert first_url(text) == url


def test_articles_are_links_too():
    found = [
        address(link) for link in LINK.finditer("arXiv 2509.20241v1, doi:10.1016/j.joule.2026.102430; http://a.b/c")
    ]
    assert found == [
        "https://arxiv.org/abs/2509.20241v1",
        "https://doi.org/10.1016/j.joule.2026.102430",
        "http://a.b/c",
    ]
