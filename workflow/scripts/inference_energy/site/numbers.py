"""What moved: the changelog of numbers as a page, and as feeds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

import polars as pl

from inference_energy.common.readable import two_digits

TITLE = "inference-energy: what moved"
ATOM = "http://www.w3.org/2005/Atom"
SHOWN = 5  # numbers in a feed


@dataclass(frozen=True, kw_only=True)
class Move:
    """A headline number before and after a change; none where it is new or gone."""

    label: str
    unit: str
    before: float | None
    after: float | None

    def __str__(self) -> str:
        """Both values and the difference: 0.14 → 0.13 Wh (-6 %)."""
        if self.before is None:
            return f"new, {two_digits(self.after)} {self.unit}"
        if self.after is None:
            return f"gone, was {two_digits(self.before)} {self.unit}"
        change = f" ({100 * (self.after / self.before - 1):+.2g} %)" if self.before else ""
        return f"{self.before:.3g} → {self.after:.3g} {self.unit}{change}"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of the agreed headline numbers."""

    golden: str  # first digits of the checksum of the numbers since then
    agreed_on: str  # the day, ISO
    reason: str  # from the changelog
    moves: Sequence[Move]

    @property
    def place(self) -> str:
        """Its anchor on the page."""
        return f"golden-{self.golden}"


def changes(moved: pl.DataFrame, labels: dict[tuple[str, str], str], changelog: str) -> list[Change]:
    """Changes with what they moved, the newest first.

    Args:
        moved: rows of `docs/numbers.csv`.
        labels: by study and quantity, for readers.
        changelog: `CHANGELOG.md`.
    """
    found = []
    for (golden, agreed_on), of in moved.group_by("golden", "agreed_on", maintain_order=True):
        moves = [
            Move(
                label=f"{row['study']}: {labels.get((row['study'], row['quantity']), row['quantity'])}",
                **{key: row[key] for key in ("unit", "before", "after")},
            )
            for row in of.iter_rows(named=True)
        ]
        found.append(Change(golden=golden, agreed_on=agreed_on, reason=reason(changelog, golden), moves=moves))
    return found[::-1]


def reason(changelog: str, golden: str) -> str:
    """The entry of the changelog that names the checksum, in one line; nothing if none does."""
    entries = re.split(r"^- ", changelog, flags=re.MULTILINE)
    found = next((" ".join(entry.split()) for entry in entries if f"golden `{golden}`" in entry), "")
    return re.sub(r" \(golden `\w+`\)", "", found)


def json_feed(of: Sequence[Change], address: str) -> dict:
    """The changes as a JSON Feed 1.1; `address` is where the site is, empty for addresses relative to it."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        **({"home_page_url": address, "feed_url": f"{address}feed.json"} if address else {}),
        "items": [
            {
                "id": _id(change),
                "url": f"{address}numbers.html#{change.place}",
                "title": _title(change),
                "content_text": _text(change),
                "date_published": f"{change.agreed_on}T00:00:00Z",
            }
            for change in of
        ],
    }


def atom(of: Sequence[Change], address: str) -> str:
    """The changes as an Atom feed."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")

    def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
        child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        child.text = text or None
        return child

    add(feed, "id", "tag:inference-energy,2026:numbers")
    add(feed, "title", TITLE)
    add(feed, "updated", f"{max((change.agreed_on for change in of), default='1970-01-01')}T00:00:00Z")
    add(feed, "link", href=f"{address}numbers.html")
    add(feed, "link", rel="self", href=f"{address}feed.xml")
    add(add(feed, "author"), "name", "The inference-energy authors")
    for change in of:
        entry = add(feed, "entry")
        add(entry, "id", _id(change))
        add(entry, "title", _title(change))
        add(entry, "updated", f"{change.agreed_on}T00:00:00Z")
        add(entry, "link", href=f"{address}numbers.html#{change.place}")
        add(entry, "content", _text(change), type="text")
    ElementTree.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(feed, encoding="unicode")}\n'


def _id(change: Change) -> str:
    return f"tag:inference-energy,2026:numbers/{change.golden}"


def _title(change: Change) -> str:
    return f"{len(change.moves)} headline numbers moved"


def _text(change: Change) -> str:
    lines = [f"{move.label}: {move}" for move in change.moves[:SHOWN]]
    rest = len(change.moves) - SHOWN
    return "\n".join([*filter(None, [change.reason]), *lines, *([f"and {rest} more"] if rest > 0 else [])])
