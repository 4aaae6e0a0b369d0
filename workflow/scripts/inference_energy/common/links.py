"""Addresses in text."""

import re

ADDRESS = re.compile(r"https?://[^\s<>()\[\]]+[^\s<>()\[\].,;:]")
# An address, or a name of an article that has one: arXiv numbers and DOIs.
LINK = re.compile(
    rf"(?P<url>{ADDRESS.pattern})"
    r"|arXiv[: ](?P<arxiv>\d{4}\.\d{4,5}(v\d+)?)"
    r"|doi:(?P<doi>10\.\d{4,}/[^\s,;]+[^\s,;.])"
)


def address(link: re.Match) -> str:
    """The address that a match of `LINK` leads to."""
    if link["arxiv"]:
        return f"https://arxiv.org/abs/{link['arxiv']}"
    return link["url"] or f"https://doi.org/{link['doi']}"


def web_address(text: str | None) -> str | None:
    """The text, if it is an address on the web and nothing else: all that may become a link."""
    return text if re.fullmatch(r"https?://[^\s\x00-\x20\x7f<>\"\\^`{|}]+", text or "") and text.isprintable() else None


def first_url(text: str | None) -> str:
    """The first address in a text; empty where it has none."""
    found = ADDRESS.search(text or "")
    return found[0] if found else ""
