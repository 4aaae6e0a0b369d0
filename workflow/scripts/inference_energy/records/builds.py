"""Finished builds on disk, also of older versions of this project: their tables, inputs and settings."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError
from inference_energy.common.escaped import read_csv
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus.origins import sha256
from inference_energy.publish.catalogue import PUBLIC_TABLES
from inference_energy.records import provenance
from inference_energy.studies import files as studies_files
from inference_energy.tables.public import STUDY, PublicTable

RESULTS = "results"
HEADLINE = "headline.csv"
# Files that a build of a version without provenance may have read.
SOURCES = ("Snakefile", "config", "resources", "workflow", "requirements.in", "requirements.lock", "pyproject.toml")
ALLOWED = "a project folder with a finished build, a folder of results, or a git revision"


@dataclass(frozen=True, kw_only=True)
class Build:
    """One finished build."""

    name: str  # for readers
    results: Path  # folder of its results
    project: Path | None  # folder that it was built in; none where only the results are there
    recorded: dict | None  # its provenance; none for versions without one


def in_folder(folder: Path, name: str) -> Build:
    """The build in a project folder, or in a folder of results.

    Raises:
        InputError: it holds no finished build.
    """
    results = folder / RESULTS if (folder / RESULTS / HEADLINE).is_file() else folder
    if not (results / HEADLINE).is_file():
        raise InputError(f"{folder}: found no {HEADLINE} in it; allowed: {ALLOWED}")
    project = results.resolve().parent
    file = results / provenance.FILE.name
    return Build(
        name=name,
        results=results,
        project=project if (project / "Snakefile").is_file() and results.name == RESULTS else None,
        recorded=provenance.read(file) if file.is_file() else None,
    )


def tables(build: Build) -> dict[str, pl.DataFrame]:
    """Every public table that a build has, as it is there: older versions have other columns.

    Raises:
        InputError: a file that cannot be read.
    """
    if build.recorded is None:
        files = {str(path.relative_to(build.results)) for path in build.results.rglob("*.*")}
    else:  # files left by an earlier run with other studies are not part of this build
        files = {path.removeprefix(f"{RESULTS}/") for path in build.recorded["outputs"]}
    found = {}
    for table in PUBLIC_TABLES:
        frames = [_read(build.results / file, study) for file, study in _files(table, files)]
        if frames:
            found[table.name] = pl.concat(frames, how="diagonal_relaxed")
    return found


def _files(table: PublicTable, files: set[str]) -> list[tuple[str, str | None]]:
    """Files of a table with the study of each, of all that are there."""
    if not table.of_a_study:
        return [(table.path, None)] if table.path in files else []
    rest = table.path.removeprefix(STUDY)
    names = sorted(file.removesuffix(rest) for file in files if file.endswith(rest))
    return [(f"{name}{rest}", name) for name in names if "/" not in name]


def _read(path: Path, study: str | None) -> pl.DataFrame:
    try:
        frame = read_csv(path, infer_schema_length=None) if path.suffix == ".csv" else pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    return frame if study is None or "study" in frame.columns else frame.with_columns(study=pl.lit(study))


def inputs(build: Build) -> dict[str, str] | None:
    """SHA-256 of every input by path; none where neither provenance nor the project is there."""
    if build.recorded is not None:
        return provenance.input_checksums(build.recorded)
    return None if build.project is None else inputs_of_folder(build.project)


def inputs_of_folder(project: Path) -> dict[str, str]:
    """SHA-256 of every file that a build in a project folder may read, by path."""
    files = {path for name in SOURCES for path in (project / name, *(project / name).rglob("*")) if path.is_file()}
    return {str(path.relative_to(project)): sha256(path) for path in files if path.suffix != ".pyc"}


def settings(build: Build) -> dict | None:
    """Configuration and resolved studies, each by name; none where neither provenance nor the project is there."""
    if build.recorded is not None:
        return {"config": build.recorded["configuration"], **build.recorded["studies"]}
    if build.project is None:
        return None
    folder = build.project / "config"
    configuration = read_yaml(folder / "config.yaml")
    names = [*configuration["studies"], *configuration.get("bridge", {}).get("steps", {})]
    return {"config": configuration} | {name: studies_files.resolve(name, folder / "studies") for name in names}


def resource(build: Build, path: str) -> pl.DataFrame | None:
    """A CSV file among the inputs of a build, all cells as text; none where it is not there."""
    file = None if build.project is None else build.project / path
    return pl.read_csv(file, infer_schema=False) if file is not None and file.is_file() else None
