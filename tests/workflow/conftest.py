"""One finished build of the whole workflow, and copies of it to change."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from inference_energy.records import made_of
from runs import STATEMENT, copy_sources, made_once


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build."""
    return made_once(tmp_path_factory, "built", copy_sources)


@pytest.fixture(scope="session")
def stated(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished build with the statement of the shipped example."""
    return made_once(tmp_path_factory, "stated", partial(shutil.copytree, built, symlinks=True), *STATEMENT)


@pytest.fixture(scope="session")
def _edited(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(built, tmp_path_factory.mktemp("plans") / "project", symlinks=True))


@pytest.fixture
def plans(_edited: Path, built: Path) -> Iterator[Path]:
    """The finished build in a folder to edit and plan in, but not to run: afterwards all files are as they were."""
    yield _edited
    _restore(_edited, built)


def _restore(folder: Path, model: Path) -> None:
    """Make all files of a folder those of another one again, with their times."""
    for path in [*folder.rglob("*")]:
        if path.is_file() and not (model / path.relative_to(folder)).is_file():
            path.unlink()
    for path in model.rglob("*"):
        if path.is_file():
            own, of = folder / path.relative_to(model), path.stat()
            if not own.is_file() or (own.stat().st_mtime_ns, own.stat().st_size) != (of.st_mtime_ns, of.st_size):
                own.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, own)


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """The finished build in a folder of its own, to change at will; times of files are kept."""
    return Path(shutil.copytree(built, tmp_path / "copy", symlinks=True))


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """All results of a build by path, without logs and records of what they are made of."""

    def read(folder: Path) -> dict[str, bytes]:
        results = folder / "results"
        files = (path for path in sorted(results.rglob("*")) if path.is_file())
        return {
            str(path.relative_to(results)): path.read_bytes()
            for path in files
            if path.relative_to(results).parts[0] not in ("logs", made_of.FOLDER.name)
        }

    return read
