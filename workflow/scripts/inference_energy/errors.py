"""The one exception for anything a user can put right."""


class InputError(ValueError):
    """A fault in a file, row, column or configuration key, told in one line.

    The message names the place, what was found and what is allowed.
    """

    def __init__(self, message: str):
        super().__init__("\\n".join(message.splitlines()))  # what was found may itself hold line breaks


def one_of(names: list[str] | tuple[str, ...] | dict) -> str:
    """Allowed names as readable text: `a, b or c`."""
    names = sorted(names)
    if not names:
        return "(nothing)"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
