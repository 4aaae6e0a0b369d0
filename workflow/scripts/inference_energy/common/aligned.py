"""Tables as aligned lines of text, for the terminal."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[object]]) -> list[str]:
    """A line per row, cells below each other: whole numbers at the right, everything else at the left."""
    if not rows:
        return []
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _padded(cell: object, width: int) -> str:
    return f"{cell:>{width}}" if isinstance(cell, int) else f"{cell:<{width}}"
