"""What moved, as a page and as feeds: by hand."""

from xml.etree import ElementTree

import polars as pl
import pytest
from inference_energy.headline.golden import MOVED_SCHEMA, moves
from inference_energy.site import numbers
from inference_energy.site.numbers import Change, Move

CHANGELOG = "# Changelog\n\n- Other.\n- The node draws\n  less (golden `bbb`). Much.\n- More (golden `ccc`).\n"


def moved(*rows):
    return pl.DataFrame(rows, schema=MOVED_SCHEMA, orient="row")


def test_changes_come_the_newest_first_with_their_reason():
    rows = moved(
        ("2026-01-01", "bbb", "s", "q", "Wh", 0.2, 0.1),
        ("2026-01-01", "bbb", "s", "r", "Wh", 0.2, None),
        ("2026-02-01", "ccc", "s", "q", "Wh", None, 0.3),
    )
    newest, oldest = numbers.changes(rows, {("s", "q"): "Quantity"}, CHANGELOG)
    assert (newest.golden, newest.agreed_on, newest.reason) == ("ccc", "2026-02-01", "More.")
    assert oldest.reason == "The node draws less. Much."
    assert [str(move) for move in (*oldest.moves, *newest.moves)] == [
        "0.2 → 0.1 Wh (-50 %)",
        "gone, was 0.20 Wh",
        "new, 0.30 Wh",
    ]
    assert [move.label for move in oldest.moves] == ["s: Quantity", "s: r"]


def test_a_change_without_an_entry_has_no_reason():
    assert numbers.reason(CHANGELOG, "ddd") == ""


def change(count=1):
    move = Move(label="s: <q>", unit="Wh", before=1.0, after=2.0)
    return Change(golden="bbb", agreed_on="2026-01-01", reason="A & B.", moves=[move] * count)


@pytest.mark.parametrize("address", ["", "https://example.org/energy/"])
def test_feeds_have_an_item_per_change(address):
    item = numbers.json_feed([change(7)], address)["items"][0]
    entry = ElementTree.fromstring(numbers.atom([change(7)], address)).find(f"{{{numbers.ATOM}}}entry")
    texts = {child.tag.partition("}")[2]: child.text for child in entry}
    link = entry.find(f"{{{numbers.ATOM}}}link").get("href")
    assert item["id"] == texts["id"] == "tag:inference-energy,2026:numbers/bbb"
    assert item["url"] == link == f"{address}numbers.html#golden-bbb"
    assert item["title"] == texts["title"] == "7 headline numbers moved"
    assert item["content_text"] == texts["content"]
    assert item["content_text"].splitlines() == ["A & B.", *["s: <q>: 1 → 2 Wh (+1e+02 %)"] * 5, "and 2 more"]
    assert item["date_published"] == texts["updated"] == "2026-01-01T00:00:00Z"


def test_a_feed_without_changes_is_still_one():
    assert numbers.json_feed([], "")["items"] == []
    assert ElementTree.fromstring(numbers.atom([], "")).find(f"{{{numbers.ATOM}}}entry") is None


def agreed(**values):
    names = ("study", "quantity", "unit", "computed")
    return pl.DataFrame([("s", quantity, "Wh", value) for quantity, value in values.items()], names, orient="row")


def test_moves_between_two_agreements():
    before = agreed(same=1.0, near=1.0, moved=1.0, gone=1.0)
    found = moves(before, agreed(new=3.0, same=1.0, near=1.0 + 1e-9, moved=2.0), "0123456789abcdef", "2026-01-01")
    assert found.schema == MOVED_SCHEMA
    assert found.drop("agreed_on", "study", "unit").rows() == [
        ("0123456789ab", "new", None, 3.0),
        ("0123456789ab", "moved", 1.0, 2.0),
        ("0123456789ab", "gone", 1.0, None),
    ]
