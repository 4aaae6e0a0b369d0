"""The one exception for faults that a user can correct."""

from collections.abc import Iterable
from difflib import get_close_matches

from inference_energy.common.escaped import terminal


class InputError(ValueError):
    """A fault in a file, row, column or configuration key, reported in one line.

    The message names the place, what was found and what is allowed.
    """

    def __init__(self, message: str):
        super().__init__(terminal(message))  # what was found may hold line breaks and worse


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
