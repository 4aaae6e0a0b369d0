"""Lines of files: cells of a CSV row, keys of a YAML file with their comments, assumptions beside the code."""

import csv
import inspect
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import yaml

ASSUMPTION = "# ASSUME:"


@cache
def csv_rows(path: Path) -> dict[int, dict[str, str]]:
    """Cells of a CSV file by column, by the line that a row begins on."""
    rows, start = {}, 1
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle)
        header: list[str] = []
        for cells in reader:
            if start == 1:
                header = cells
            elif cells:
                rows[start] = dict(zip(header, cells, strict=False))
            start = reader.line_num + 1
    return rows


def find_csv_row(path: Path, **cells: str) -> tuple[int, dict[str, str]]:
    """Line and cells of the first row that has the given cells.

    Raises:
        KeyError: there is none.
    """
    for line, row in csv_rows(path).items():
        if all(row.get(name) == value for name, value in cells.items()):
            return line, row
    raise KeyError(f"{path}: {cells}")


@cache
def lines(path: Path) -> list[str]:
    """Lines of a text file."""
    return path.read_text(encoding="utf-8").splitlines()


@cache
def _yaml(path: Path) -> yaml.Node:
    return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)


def yaml_line(path: Path, keys: Sequence[str]) -> int | None:
    """Line of a key, or the place of an item, in a YAML file; none if it does not have it."""
    node, line = _yaml(path), 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == key]
            if not found:
                return None
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and str(key).isdigit() and int(key) < len(node.value):
            node = node.value[int(key)]
            line = node.start_mark.line + 1
        else:
            return None
    return line


def comment_at(path: Path, line: int) -> str:
    """Comments that belong to a line: right above it, behind it, and right below it."""
    text = lines(path)
    above, below = [], []
    for place in range(line - 2, -1, -1):
        if not text[place].strip().startswith("#"):
            break
        above.insert(0, text[place].strip().lstrip("# "))
    key, _, behind = text[line - 1].partition(" #")
    if key.rstrip().endswith(":"):  # what follows a key of its own belongs to it
        for following in text[line:]:
            if not following.strip().startswith("#"):
                break
            below.append(following.strip().lstrip("# "))
    return " ".join([*above, *filter(None, [behind.strip()]), *below])


@cache
def assumptions_in(code: Callable | ModuleType) -> list[tuple[str, str, int]]:
    """Every `# ASSUME:` of a function, class or module: its text, file from the root of the repository, and line."""
    text, start = inspect.getsourcelines(code)
    start = max(start, 1)  # of a module it is 0
    file = Path(inspect.getsourcefile(inspect.unwrap(code))).resolve().relative_to(Path(__file__).resolve().parents[4])
    found = []
    for place, line in enumerate(text):
        if line.strip().startswith(ASSUMPTION):
            parts = [line.strip().removeprefix(ASSUMPTION).strip()]
            for following in text[place + 1 :]:
                stripped = following.strip()
                if not stripped.startswith("#") or stripped.startswith(ASSUMPTION):
                    break
                parts.append(stripped.lstrip("# "))
            found.append((" ".join(parts), file.as_posix(), start + place))
    return found
