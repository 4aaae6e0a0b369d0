"""The order in which the method flows: stages are the files of rules, as the Snakefile reads them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

INCLUDED = re.compile(r'^include: "(.+)"$', re.MULTILINE)
SCRIPT = re.compile(r'^\s+script:\n\s+"\.\./scripts/(\w+)\.py"$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the method.

    Attributes:
        name: of its file of rules.
        meaning: what the comment at its head says.
        modules: files of the package that no earlier stage uses.
    """

    name: str
    meaning: str
    modules: tuple[str, ...]


def stages(
    snakefile: str, rules: Mapping[str, str], imported: Callable[[str], Iterable[str]], modules: Iterable[str]
) -> list[Stage]:
    """All stages, and at the end what no rule uses.

    Args:
        snakefile: text of the Snakefile.
        rules: text of every file that it includes, by the path in the Snakefile.
        imported: modules behind a script, by the name of the script.
        modules: all modules.
    """
    left = dict.fromkeys(modules)
    found = []
    for path in INCLUDED.findall(snakefile):
        text = rules[path]
        behind = {module for script in SCRIPT.findall(text) for module in imported(script)}
        used = tuple(module for module in left if module in behind)
        for module in used:
            del left[module]
        found.append(Stage(name=path.rsplit("/", 1)[-1].removesuffix(".smk"), meaning=_head(text), modules=used))
    return [*found, Stage(name="tools", meaning="Beside the workflow.", modules=tuple(left))]


def _head(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#").strip())
    return " ".join(lines)
