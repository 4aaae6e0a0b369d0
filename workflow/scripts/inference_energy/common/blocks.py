"""Computations in blocks whose arrays stay in a processor's cache, and which are few where arrays are small."""

from collections.abc import Iterator

CELLS = 1 << 16  # numbers of an array


def blocks(count: int, cells: int) -> Iterator[slice]:
    """Slices of so many arrays, each of some cells, that are computed at once."""
    size = max(1, CELLS // max(cells, 1))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
