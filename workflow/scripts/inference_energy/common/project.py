"""The folder that rules and jobs take for that of the project: the working directory, or a folder of another workflow.

Another workflow imports this one as a module of Snakemake. Paths, code and messages stay as in a run of this project
alone: `resources/grid.csv` is then in a hidden folder of the other workflow, a copy of the file of this project or of
the one that the other workflow has in its place.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference_energy.common import files
from inference_energy.common.errors import InputError

KEY = "project"  # of the configuration that jobs of another workflow get
FOLDER = ".inference_energy"  # of the project in another workflow, next to the results
RESULTS = "results/"
STORAGE = ".snakemake/storage/"  # where Snakemake keeps local copies of files that are stored elsewhere
WORKFLOW = "workflow"  # one link, to code that jobs read where it is
COPIED = ("Snakefile", "CITATION.cff", "pyproject.toml", "requirements.in", "requirements.lock")
CONFIGURATION = Path("config/config.yaml")  # written with the values of the run
ENVIRONMENT = Path("workflow/envs/pipeline.yaml")  # of conda; it names the lock beside it
LOCK = "../../requirements.lock"
LAID_OVER = ("config/*.yaml", "config/studies/*", "config/usage/*", "resources/**/*")


@dataclass(frozen=True)
class Project:
    """Where the files of the project are, as seen from the working directory of Snakemake."""

    folder: Path = Path()  # of the project, or of the copies
    results: str = RESULTS  # beginning of the paths of results

    @classmethod
    def imported(cls, results: str) -> "Project":
        """The project as a module of another workflow, by where the prefix of the module places the results.

        Raises:
            InputError: a prefix with wildcards, or other changes of paths than a prefix.
        """
        prefix = results.removesuffix(RESULTS)
        if set("{}") & set(prefix) or not results.endswith(RESULTS):
            raise InputError(f"prefix of the module: found results in {results!r}; allowed: a folder without wildcards")
        return cls(Path(prefix) / FOLDER, results)

    @classmethod
    def stored(cls, results: str) -> "Project":
        """The project as copies of files that are stored elsewhere, by the folder of those of results."""
        return cls(Path(results).parent, f"{Path(results)}/")

    def environment(self) -> Path:
        """The environment of jobs in an imported project, for conda."""
        return (self.folder / ENVIRONMENT.name).resolve()

    def plain(self) -> dict[str, str]:
        """It as it is handed over to jobs."""
        return {"folder": str(self.folder), "results": self.results}

    def replaced(self, path: Any, property: str | None = None) -> Any:
        """What Snakemake takes for a path of a rule: `outside`, where it is a path of the project."""
        if callable(path) or Path(path).is_absolute() or path.startswith(".."):
            return path
        return self.outside(path)

    def outside(self, path: str) -> str:
        """A path of the project, as seen from the working directory."""
        if path.startswith(RESULTS):
            return self.results + path.removeprefix(RESULTS)
        return os.path.normpath(self.folder / path)

    def inside(self, path: str) -> str:
        """The inverse of `outside`; a path of neither stays the same file."""
        if path.startswith(self.results):
            return RESULTS + path.removeprefix(self.results)
        if self.folder == Path() or Path(path).is_absolute():
            return path
        return os.path.relpath(path, self.folder)

    def entered(self) -> AbstractContextManager[None]:
        """Have paths of the project found as they stand."""
        return chdir(self.folder)


HERE = Project()


def assemble(project: Project, home: Path, own: Any, configuration: Mapping[str, Any]) -> None:
    """Make the folder of an imported project, or renew it: nothing is written where it is as it should be.

    Args:
        project: imported.
        home: folder of this project.
        own: folder of the other workflow with files in place of those of this project or beside them, by the same
            paths; None without one.
        configuration: of the run.

    Raises:
        InputError: `own` is no folder with files that a run reads.
    """
    wanted = {Path(name): home / name for name in COPIED} | _laid(home)
    if own is not None:
        laid = _laid(Path(own)) if isinstance(own, str) else {}
        if not laid:
            raise InputError(f"own_files: found {own!r}; allowed: a folder with files {', '.join(LAID_OVER)}")
        wanted |= laid
    wanted.pop(CONFIGURATION, None)
    results = Path(project.results)
    results.mkdir(parents=True, exist_ok=True)
    _link(project.folder / results.name, Path("..") / results.name)
    _link(project.folder / WORKFLOW, home.resolve() / WORKFLOW)
    for folder in ("config", "resources"):
        for path in (project.folder / folder).rglob("*"):
            name = path.relative_to(project.folder)
            if not path.is_dir() and name not in wanted and name != CONFIGURATION:
                path.unlink()
    for name, file in wanted.items():
        _copy(file, project.folder / name)
    # JSON is YAML, too; keys stay in their order.
    _write(project.folder / CONFIGURATION, json.dumps(configuration, indent=1, ensure_ascii=False) + "\n")
    # Snakemake copies the file before conda reads it.
    lock = str((project.folder / Path(LOCK).name).resolve())
    _write(project.environment(), (home / ENVIRONMENT).read_text(encoding="utf-8").replace(LOCK, lock))


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        files.write(path, text)


def _link(path: Path, target: Path) -> None:
    if not path.is_symlink() or path.readlink() != target:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)


def _copy(file: Path, path: Path) -> None:
    """Copy a file with its time, unless that was done before. A link stays one: readers of raw files refuse it."""
    of = file.lstat()
    there = path.lstat() if os.path.lexists(path) else None
    if there is None or (there.st_size, there.st_mtime_ns) != (of.st_size, of.st_mtime_ns):
        with files.complete(path) as (unfinished,):
            shutil.copy2(file, unfinished, follow_symlinks=False)


def _laid(folder: Path) -> dict[Path, Path]:
    """Files of a folder that a run reads, by their paths in it."""
    found = (path for pattern in LAID_OVER for path in folder.glob(pattern) if not path.is_dir())
    return {path.relative_to(folder): path for path in found}


def enter(snakemake: Any) -> bool:
    """Have a job run in the folder of the project, with all its paths as in a run of this project alone.

    Returns:
        Whether the job is of another workflow.
    """
    imported = getattr(snakemake, "config", {}).get(KEY)
    log = str(snakemake.log[0])
    if imported:
        project = Project(Path(imported["folder"]), imported["results"])
    elif log.startswith(STORAGE):  # the copies lie in a folder as the files themselves do where they are stored
        project = Project.stored(log[: log.rindex("logs/")])
    else:
        return False
    for name in ("input", "output", "log"):
        files_of = getattr(snakemake, name)
        setattr(snakemake, name, type(files_of)(toclone=files_of, custom_map=project.inside))
    os.chdir(project.folder)
    return bool(imported)
