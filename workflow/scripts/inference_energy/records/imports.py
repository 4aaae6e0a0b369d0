"""Which modules of this package a script imports, directly or through others."""

import re
from functools import cache
from pathlib import Path

PACKAGE = "inference_energy"
# A line that begins as an import is taken for one: to parse every module took an eighth of the start of a run.
_IMPORT = re.compile(r"^[ \t]*(?:from ([\w.]+) )?import (\([^)]*\)|.*)", re.MULTILINE)


def imported(script: Path, root: Path) -> list[str]:
    """Paths of all package modules behind a script, sorted; `root` is the folder that holds the package."""
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        for path in _direct(waiting.pop(), root):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return sorted(str(path) for path in found)


@cache  # all rules need much the same files
def _direct(file: Path, root: Path) -> frozenset[Path]:
    names = set()
    for package, listed in _IMPORT.findall(file.read_text()):
        each = [name.split()[0] for name in re.sub(r"#.*", "", listed).strip("()").split(",") if name.strip()]
        names |= {package, *(f"{package}.{name}" for name in each)} if package else set(each)
    return frozenset(path for name in names if name.split(".")[0] == PACKAGE for path in _loaded(name, root))


@cache
def _loaded(name: str, root: Path) -> list[Path]:
    """Files that Python loads for a name of the package: those of the packages around it, and its own."""
    base = root.joinpath(*name.split("."))
    own = [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]
    return [*(_loaded(name.rpartition(".")[0], root) if "." in name else []), *own]
