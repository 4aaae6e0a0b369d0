"""One finished build of the whole workflow, and copies of it to change."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from runs import copy_sources, run


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build, made once for all workers of pytest-xdist; what it printed is in `terminal.txt`."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "built"
    with (shared / "built.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            copy_sources(folder)
            outcome = run(folder, "--cores", "2")
            (folder / "terminal.txt").write_text(f"{outcome.stdout}\nexit {outcome.returncode}\n")
    printed = (folder / "terminal.txt").read_text()
    assert printed.endswith("\nexit 0\n"), printed
    return folder


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """The finished build in a folder of its own, to change at will; times of files are kept."""
    return Path(shutil.copytree(built, tmp_path / "copy", symlinks=True))


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """All results of a build by path, without logs."""

    def read(folder: Path) -> dict[str, bytes]:
        results = folder / "results"
        files = (path for path in sorted(results.rglob("*")) if path.is_file())
        return {
            str(path.relative_to(results)): path.read_bytes()
            for path in files
            if path.relative_to(results).parts[0] != "logs"
        }

    return read
