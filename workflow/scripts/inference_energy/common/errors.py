"""The one exception for faults that a user can correct."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from inference_energy.common.escaped import terminal

LONGEST_WORD, LONGEST_LINE = 500, 2_000  # characters of a message


class InputError(ValueError):
    """A fault in a file, row, column or configuration key, reported in one line.

    The message names the place, what was found and what is allowed.
    """

    def __init__(self, message: str):
        super().__init__(one_line(message))


def one_line(message: str) -> str:
    """A message in one line; what was found may itself hold line breaks and worse, or be too long to be read."""
    line = re.sub(rf"\S{{{LONGEST_WORD + 1},}}", lambda found: shortened(found[0], LONGEST_WORD), terminal(message))
    return shortened(line, LONGEST_LINE)


def shortened(text: str, most: int) -> str:
    """A text without its middle where it has more characters than `most`; it then says how many are left out."""
    if len(text) <= most:
        return text
    head, tail = most // 2, most // 4
    return f"{text[:head]}... ({len(text) - head - tail:,} characters left out) ...{text[-tail:]}"


def one_of(names: list[str] | tuple[str, ...] | dict) -> str:
    """Allowed names as readable text: `a, b or c`."""
    names = sorted(names)
    if not names:
        return "(nothing)"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def like(unknown: str, names: Iterable[str]) -> str:
    """The few names that are most similar to an unknown one: `one of 50 names, such as a, b or c`."""
    names = sorted(names)
    shown = get_close_matches(unknown, names, n=3, cutoff=0.5) or names[:3]
    return f"one of {len(names)} names, such as {one_of(shown)}"
