"""What the results of every job are made of: its parameters and the files that no job makes, as a file it depends on.

Snakemake knows from its hidden folder which parameters a result was made with. A copy without that folder, or an
unpacked archive, no longer does. With these files an edit makes them newer than the results, whatever else was lost.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from inference_energy.common import files, jobs
from inference_energy.common.errors import InputError
from inference_energy.common.project import HERE, RESULTS, Project
from inference_energy.corpus.origins import sha256

FOLDER = Path("results/made_of")
# Larger files, as the logs of a service are, would take minutes to read at every start.
LARGEST_BYTES = 64 * 2**20


def made_of(rule: Any, script: Path, project: Project = HERE) -> Callable[[Any], str]:
    """Input of a rule: the file that holds what its job with some wildcards is made of, written anew if that differs.

    Args:
        rule: of Snakemake, with its inputs and parameters.
        script: of the rule, in the project.
        project: where its files are in this run.
    """
    inputs, parameters, kept = list(rule.input), dict(rule.params.items()), set()

    def of(wildcards: Mapping[str, str]) -> str:
        path = FOLDER / f"{'.'.join([rule.name, *dict(wildcards.items()).values()])}.json"
        if path in kept:  # Snakemake asks several times, all of a run that began with the same files
            return str(path)
        kept.add(path)
        found = {path for item in inputs for path in _paths(item, wildcards, project)}
        read = {path for path in found if not path.startswith(RESULTS)}
        given = {name: value(wildcards) if callable(value) else value for name, value in parameters.items()}
        with jobs.command(), project.entered():
            fingerprints = {path: fingerprint(Path(path)) for path in sorted({*read, str(script)})}
            keep(path, {"parameters": given, "files": fingerprints})
        return str(path)

    return of


def _paths(item: Any, wildcards: Mapping[str, str], project: Project) -> Iterable[str]:
    """Paths in the project of an input: a pattern, which Snakemake has changed, or a function of the wildcards."""
    if callable(item):
        found = item(wildcards)
        return map(str, [found] if isinstance(found, (str, Path)) else found)
    return [project.inside(str(item).format(**dict(wildcards.items())))]


def keep(path: Path, content: Mapping[str, Any]) -> None:
    """Write a record unless the file holds the same already, so that its time is that of the last change."""
    plain = json.loads(json.dumps(content, default=_plain))
    if _kept(path) != plain:
        files.write_json(path, plain)


def _kept(path: Path) -> Any:
    """What a record holds; none where there is none, or where it is broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def date_anew(results: Path) -> None:
    """Date results of the future now: no edit would be newer than they are.

    Args:
        results: folder of them, in which no run goes on.
    """
    now = time.time_ns()
    for path in results.rglob("*"):
        if path.lstat().st_mtime_ns > now:
            os.utime(path, ns=(now, now))


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a parameter of a rule is {type(value).__name__}, which JSON does not have")


def fingerprint(path: Path) -> str:
    """SHA-256 of a file; size and time of one that is too large to read at every start; that it is missing.

    Raises:
        InputError: a file dated in the future, which Snakemake would take for newer than all that is made of it.
    """
    if not path.is_file():
        return "missing"
    of, now = path.stat(), time.time_ns()
    if of.st_mtime_ns > now:
        dated, today = (datetime.fromtimestamp(ns / 1e9).isoformat(" ", "seconds") for ns in (of.st_mtime_ns, now))
        raise InputError(f"{path}: found dated {dated}; allowed: before now ({today}): set the clock, or `touch` it")
    return _fingerprint(path, of.st_size, of.st_mtime_ns)


@cache  # many jobs read the same files
def _fingerprint(path: Path, size: int, modified_ns: int) -> str:
    if size > LARGEST_BYTES:
        return f"{size} bytes, modified {modified_ns} ns after 1970"
    return sha256(path)
