"""Do the unit tests notice a wrong number? Each mutant is one small change to one module; tests must fail with it.

    make mutation [CHAPTERS="energy corpus/checks"] [MUTANTS=12] [OWN=1] [SEED=20261130]

The changes are operators of cosmic-ray: `<` for `<=`, `+` for `-`, 1.5 for 0.5, `or` for `and`. Its own driver takes
every change of a module and one command of tests; this one draws a sample of each chapter, and asks the tests of the
chapter first, then, without OWN, the quick ones of the chapters that may import it. All happens in a copy of this tree.
"""

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[1]
PACKAGE = Path("workflow/scripts/inference_energy")
SEED = 20261130
# Folders of the package whose numbers reach results, and the tests that are asked first.
CHAPTERS = {
    name: [f"tests/unit/{name}/test_*.py"]
    for name in (
        *("statistics", "requests", "studies", "serving", "throughput", "energy", "fleet", "oviedo", "validation"),
        *("headline", "statement"),
    )
} | {
    "corpus/checks": ["tests/unit/corpus/test_checks*.py"],
    "corpus/formats": ["tests/unit/corpus/test_format_*.py", "tests/unit/corpus/test_per_gpu.py"],
    "explain/derivations": ["tests/unit/explain/test_*.py"],
}
DECLARATIONS = ("tables.py", "service_tables.py", "__init__.py")  # what columns are, not what is in them
# Changes that a person could make by mistake, and not those that fail wherever they are reached, as a shift of a float.
COMPARISONS = {
    "Lt": ("LtE", "GtE"),
    "LtE": ("Lt", "Gt"),
    "Gt": ("GtE", "LtE"),
    "GtE": ("Gt", "Lt"),
    "Eq": ("NotEq",),
    "NotEq": ("Eq",),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
ARITHMETIC = {
    **{"Add": ("Sub",), "Sub": ("Add",), "Mul": ("Div",), "Div": ("Mul",), "FloorDiv": ("Div",), "Pow": ("Mul",)},
    **{"Mod": ("Mul",), "BitOr": ("BitAnd",), "BitAnd": ("BitOr",)},
}
OPERATORS = [
    "core/NumberReplacer",
    *(f"core/ReplaceComparisonOperator_{a}_{b}" for a, others in COMPARISONS.items() for b in others),
    *(f"core/ReplaceBinaryOperator_{a}_{b}" for a, others in ARITHMETIC.items() for b in others),
    *(f"core/Replace{a}" for a in ("AndWithOr", "OrWithAnd", "TrueWithFalse", "FalseWithTrue")),
    *(f"core/ReplaceUnaryOperator_Delete_{a}" for a in ("USub", "Not", "Invert")),
    *("core/AddNot", "core/ZeroIterationForLoop", "core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak"),
]
NOTICED, ELSEWHERE, IMPORT_FAILED, SURVIVED = "noticed", "noticed by other chapters", "not importable", "survived"


@dataclass(frozen=True)
class Mutant:
    """One change to one module."""

    module: Path  # from the root of the tree
    line: int
    before: str  # the module
    after: str

    def __str__(self) -> str:
        changed = unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="", n=0)
        was, now = (" / ".join(part[1:].strip() for part in kind) for kind in _removed_and_added(changed))
        return f"{self.module.relative_to(PACKAGE)}:{self.line}: {was}  ->  {now}"


def _removed_and_added(diff: Iterator[str]) -> tuple[list[str], list[str]]:
    lines = list(diff)[2:]
    return [line for line in lines if line.startswith("-")], [line for line in lines if line.startswith("+")]


def mutants(chapter: str, seed: int) -> Iterator[Mutant]:
    """Mutants of a chapter in random order: of every place that can be changed, one change."""
    drawn = random.Random(f"{seed} {chapter}")
    places = [
        (module, start, changes)
        for module in sorted((ROOT / PACKAGE / chapter).rglob("*.py"))
        if module.name not in DECLARATIONS
        for start, changes in _places(module.read_text(encoding="utf-8")).items()
    ]
    drawn.shuffle(places)
    for module, (line, _), changes in places:
        operator, occurrence = drawn.choice(changes)
        before = module.read_text(encoding="utf-8")
        after = mutate_code(before, get_operator(operator)(), occurrence)
        yield Mutant(module=module.relative_to(ROOT), line=line, before=before, after=after)


def _places(code: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Operators and their occurrences by line and column, but in types, decorators and lists of parameters."""
    left_out = [
        part
        for node in ast.walk(ast.parse(code))
        for name in ("annotation", "returns", "decorator_list")
        for part in _as_list(getattr(node, name, None))
    ]
    spans = [((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)) for part in left_out]
    nodes, places = list(ast_nodes(get_ast(code))), defaultdict(list)
    for name in OPERATORS:
        operator = get_operator(name)()
        found = ((start, node.parent) for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, (start, parent) in enumerate(found):
            listed = parent is not None and parent.type == "parameters"
            if not listed and not any(first <= start < end for first, end in spans):
                places[start].append((name, occurrence))
    return places


def _as_list(part: ast.AST | list[ast.AST] | None) -> list[ast.AST]:
    return part if isinstance(part, list) else [part] if part else []


def copied(folder: Path) -> Path:
    """Copy this tree into a folder, without what git ignores."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def outcome(
    tree: Path, tests: list[str], *options: str, module: str = "", timeout: float | None = None
) -> tuple[str, str]:
    """What tests say, and the test that failed; a change that makes them run on and on is noticed.

    Args:
        tree: the copy.
        tests: patterns of their files.
        options: of pytest.
        module: that was changed: tests of its name are the first.
        timeout: in seconds.
    """
    files = [path for name in tests for path in sorted(tree.glob(name))]
    files.sort(key=lambda path: module not in path.stem)
    # In a folder of its own, as runs of pytest clear the one that they share.
    quiet = ["-x", "-q", "-p", "no:cacheprovider", f"--basetemp={tree.with_name('tmp')}"]
    command = [sys.executable, "-m", "pytest", *quiet, *options, *(str(path.relative_to(tree)) for path in files)]
    try:
        ran = subprocess.run(
            command,
            cwd=tree,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return NOTICED, "timeout"
    if ran.returncode == 0:
        return SURVIVED, ""
    by = re.search(r"^(?:FAILED|ERROR|ImportError while loading) (\S+)", ran.stdout, re.MULTILINE)
    if not by:  # nothing that a test found
        raise SystemExit(f"pytest ended with {ran.returncode}:\n{ran.stdout[-2000:]}")
    return NOTICED, by[1]


def importable(tree: Path, module: Path) -> bool:
    """Whether Python can import a module: what cannot be imported is no wrong number."""
    name = ".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts)
    command = [sys.executable, "-B", "-c", f"import {name}"]
    return not subprocess.run(command, cwd=tree / PACKAGE.parent, capture_output=True, check=False).returncode


def must_pass(tree: Path, tests: list[str], *options: str) -> None:
    """End where tests fail without a change: they would notice any."""
    said, by = outcome(tree, tests, *options)
    if said != SURVIVED:
        raise SystemExit(f"Tests fail without a change: {by}")


def others(chapter: str) -> list[str]:
    """Folders of tests of the chapters that may import this one, nearest first; of its own where it is only a part."""
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    own, _, part = chapter.partition("/")
    return [f"tests/unit/{name}/test_*.py" for name in reversed(layers[: layers.index(own) + bool(part)])]


def run(chapter: str, number: int, tree: Path, *, own: bool, seed: int) -> dict[str, list[Mutant]]:
    """Mutants of a chapter by what its own tests, or also those of others, say."""
    began = time.monotonic()
    must_pass(tree, CHAPTERS[chapter])
    patience = 60 + 10 * (time.monotonic() - began)
    found = {NOTICED: [], ELSEWHERE: [], SURVIVED: []}
    for mutant in mutants(chapter, seed):
        if sum(map(len, found.values())) == number:
            break
        (tree / mutant.module).write_text(mutant.after, encoding="utf-8")
        said, by = IMPORT_FAILED, ""
        if importable(tree, mutant.module):
            said, by = outcome(tree, CHAPTERS[chapter], module=mutant.module.stem, timeout=patience)
        if said == SURVIVED and not own:
            said, by = outcome(tree, others(chapter), "-m", "not slow", timeout=20 * patience)
            said = SURVIVED if said == SURVIVED else ELSEWHERE
        (tree / mutant.module).write_text(mutant.before, encoding="utf-8")
        print(f"{said}: {mutant}", *([f"    by {by}"] if by else []), sep="\n", flush=True)
        if said != IMPORT_FAILED:
            found[said].append(mutant)
    return found


def main() -> None:
    """Print every mutant and the score of each chapter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="chapter", help=f"of {', '.join(CHAPTERS)}; all without one")
    parser.add_argument("--mutants", type=int, default=12, help="of each chapter")
    parser.add_argument("--own", action="store_true", help="ask the tests of the chapter alone")
    parser.add_argument("--seed", type=int, default=SEED, help="another one draws other mutants")
    given = parser.parse_args()
    if unknown := set(given.chapters) - set(CHAPTERS):
        parser.error(f"found {', '.join(sorted(unknown))}; allowed: {', '.join(CHAPTERS)}")
    scores = {}
    with TemporaryDirectory() as name:
        tree = copied(Path(name) / "tree")
        if not given.own:
            must_pass(tree, ["tests/unit/*/test_*.py"], "-m", "not slow")
        for chapter in given.chapters or CHAPTERS:
            scores[chapter] = run(chapter, given.mutants, tree, own=given.own, seed=given.seed)
    for chapter, found in scores.items():
        counts = ", ".join(f"{len(of)} {said}" for said, of in found.items())
        print(f"{chapter}: {counts}", *found[SURVIVED], sep="\n    ")


if __name__ == "__main__":
    main()
