"""Which modules of this package a script imports, directly or through others."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "inference_energy"


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


@cache  # all rules need much the same files; parsing them took half of the start of a run
def _direct(file: Path, root: Path) -> frozenset[Path]:
    names = set()
    for node in _statements(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    paths = set()
    for name in names:
        if name.split(".")[0] == PACKAGE:
            parts = name.split(".")
            for depth in range(1, len(parts) + 1):
                base = root.joinpath(*parts[:depth])
                paths |= {path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()}
    return frozenset(paths)


def _statements(of: ast.AST) -> Iterator[ast.stmt]:
    """Every statement of a module, also those inside others; expressions hold no imports."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for node in getattr(of, field, None) or ():
            yield node
            yield from _statements(node)
