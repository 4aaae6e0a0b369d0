"""Steps of a derivation as indented text for a terminal."""

import textwrap

from inference_energy.common.step import DIGITS, Node, Place, Value, digits

WIDTH = 100
SHOWN = 3  # of many children of a kind
DEEP = 3  # steps below which a row of many is not explained itself
BRIEF_DIGITS = 6
LONGEST_NOTE = 2 * WIDTH


def shown(value: Value, unit: str = "", count: int = DIGITS) -> str:
    """A number with its unit, or text."""
    if isinstance(value, float):
        text = digits(value, count).strip("()")
    else:
        text = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{text} {unit}".strip()


def head(node: Node, count: int = DIGITS) -> str:
    """Symbol, label and value of a step."""
    value = "" if node.value is None else f" = {shown(node.value, node.unit, count)}"
    return (f"{node.symbol}: " if node.symbol and node.symbol != node.label else "") + node.label + value


class Writer:
    """Lines so far, and what they already contain; in full, with every row and quotation."""

    def __init__(self, *, full: bool):
        self.full, self.lines, self.seen = full, [], set()
        self.count = DIGITS if full else BRIEF_DIGITS

    def write(self, text: str, depth: int, hanging: int = 4) -> None:
        """A line, wrapped, at some depth."""
        self.lines += textwrap.wrap(
            text,
            WIDTH,
            initial_indent="  " * depth,
            subsequent_indent="  " * depth + " " * hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def first(self, what: object) -> bool:
        """Whether something is told for the first time; it counts as told from now on."""
        new = what not in self.seen
        self.seen.add(what)
        return new

    def step(self, node: Node, depth: int) -> None:
        """A step and what it follows from."""
        new = self.first(node.name)
        if not new and not (node.children and node.symbol):
            return  # its value is in the formula above, its label further up
        place = f" [{node.place.short}]" if node.place else ""
        self.write(head(node, self.count) + place + ("" if new else " (as above)"), depth)
        if not new:
            return
        self._formula(node, depth)
        self._about(node, depth)
        if node.alike and not self.full:
            self._some(node.children, depth)
        else:
            for child in node.children:
                self.step(child, depth + 1)

    def _formula(self, node: Node, depth: int) -> None:
        if node.formula and not node.formula.isidentifier():
            if self.full or self.first(node.formula):
                self.write(f"= {node.formula}", depth + 2)
            self.write(f"= {node.inserted(self.count)}", depth + 2)
        if node.formula and not node.exact:
            self.write(f"= {shown(node.result, node.unit, self.count)}, an approximation: see the note", depth + 2)
        if node.contradicted:
            words = "which is not the value: results are older than what they follow from; run `make`"
            self.write(f"= {shown(node.result)}, {words}", depth + 2)

    def _about(self, node: Node, depth: int) -> None:
        place = node.place
        if place and place.quote and (self.full or place.kind in ("benchmark", "workload", "published")):
            self.write(f"> {place.quote}", depth + 2)
        if place and place.key and self.full:
            self.write(f"key: {place.key}", depth + 2)
        if place and (place.origin or place.url):
            source = source_of(place)
            if self.full or (place.kind != "study" and self.first(source)):
                self.write(f"source: {source}", depth + 2)
        if node.note and (self.full or self.first(node.note)):
            self.write(
                node.note if self.full else textwrap.shorten(node.note, LONGEST_NOTE, placeholder=" ..."), depth + 2
            )

    def _some(self, children: tuple[Node, ...], depth: int) -> None:
        """The first of many children of a kind; further down, those with a derivation of their own in one line each."""
        expanded = 0 if depth >= DEEP and children and children[0].children else 1
        for child in children[:expanded]:
            self.step(child, depth + 1)
        for child in children[expanded:SHOWN]:
            place = f" [{child.place.short}]" if child.place else ""
            self.write(head(child, self.count) + place, depth + 1)
        if len(children) > SHOWN:
            self.write(f"and {len(children) - SHOWN} more; all with DETAIL=full", depth + 1)


def source_of(place: Place) -> str:
    """Origin and address of a place, each once."""
    return place.origin if place.url in place.origin else f"{place.origin} {place.url}".strip()
