"""Builds of earlier versions: checked out of git into a folder of their own, built there once, kept by commit."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from inference_energy.common.errors import InputError, like
from inference_energy.corpus.origins import sha256
from inference_energy.records.builds import ALLOWED

CACHE = Path(".builds")
LOCK = "requirements.lock"


def commit(revision: str, repository: Path) -> str:
    """The commit that a name stands for, 40 hexadecimal digits.

    Raises:
        InputError: it names none.
    """
    outcome = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if outcome.returncode == 0:
        return outcome.stdout.strip()
    known = _git(repository, "for-each-ref", "--format=%(refname:short)")
    if known.returncode != 0:
        raise InputError(f"BASE: found {revision!r}, and no git repository here; allowed: {ALLOWED}")
    names = [name for name in known.stdout.split() if not name.endswith("/HEAD")]
    raise InputError(f"BASE: found {revision!r}; allowed: {ALLOWED}: a commit, or {like(revision, names)}")


def built(revision: str, repository: Path, cores: str, tell: Callable[[str], None]) -> Path:
    """Project folder with a finished build of a commit, by the packages that are installed here.

    The cache of `repository`, the project's folder, keeps the build. `tell` receives messages about progress.

    Raises:
        InputError: the commit cannot be built; what it printed is kept.
    """
    # Other packages may give other numbers, so they are part of the name.
    kept = repository / CACHE / f"{revision[:12]}-{sha256(repository / LOCK)[:12]}"
    if kept.is_dir():
        tell(f"Base: {revision[:12]}, built before ({kept.relative_to(repository)}).")
        return kept
    kept.parent.mkdir(exist_ok=True)
    printed = kept.with_suffix(".log")
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="building-") as folder:
        tell(f"Base: {revision[:12]} is being built; that takes as long as `make`.")
        project = Path(folder) / "project"
        _check_out(revision, repository, project)
        with printed.open("w") as log:
            outcome = subprocess.run(
                [sys.executable, "-m", "snakemake", "--cores", cores, "--nocolor", "--quiet", "rules"],
                cwd=project,
                env={name: value for name, value in os.environ.items() if not name.startswith("SNAKEMAKE")},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if outcome.returncode != 0:
            reason = _last_error(printed.read_text())
            place = printed.relative_to(repository)
            raise InputError(
                f"BASE: {revision[:12]} cannot be built with these packages: {reason} (all of it in {place})"
            )
        project.replace(kept)
    printed.unlink()
    return kept


def _check_out(revision: str, repository: Path, folder: Path) -> None:
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    for command in (
        ["git", "-C", str(repository), "archive", "--output", str(archive.resolve()), revision],
        ["tar", "--extract", "--file", str(archive), "--directory", str(folder)],
    ):
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        if outcome.returncode != 0:
            raise InputError(f"BASE: {revision[:12]} cannot be checked out: {outcome.stderr.strip()}")


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise InputError("BASE: git is not installed; allowed: a folder with results") from None


def _last_error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return (errors or lines or ["it printed nothing"])[-1]
