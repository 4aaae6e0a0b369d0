"""Inputs, code and packages behind the results, and whether the files of a folder still match them."""

import json
import platform
import tomllib
from importlib import metadata
from pathlib import Path

import duckdb
from packaging.requirements import Requirement

from inference_energy.common.errors import InputError
from inference_energy.common.yaml_files import read_yaml
from inference_energy.corpus.origins import ORIGIN, named_files, sha256
from inference_energy.records.settings import changed_parameters
from inference_energy.tables.database import contents_sha256

FILE = Path("results/provenance.json")
CONFIGURATION = Path("config/config.yaml")
STATEMENTS = "usage"  # beginning of the settings that decide statements alone, which are no results of a whole run
OF_CONTENTS = "sha256 of the tables, views and comments: the bytes of a DuckDB file differ from build to build"
# In these folders only files that an origin names belong to the run, not notes in the same folder.
WITH_ORIGINS = ("resources/benchmarks/", "resources/workloads/")
# Kind of a source of the run, by the longest beginning of its path.
KINDS = {
    "": "presentation",
    "resources/benchmarks/": "benchmarks",
    "resources/workloads/": "workloads",
    "resources/": "resources",
    "config/": "configuration",
    "workflow/schemas/": "schemas",
    "workflow/scripts/": "scripts",
    "workflow/scripts/inference_energy/": "modules",
    "Snakefile": "rules",
    "workflow/rules/": "rules",
    "workflow/envs/": "environment",
    "requirements.": "environment",
    "pyproject.toml": "environment",
}


def kind(path: str) -> str:
    """Kind of a source of the run: benchmarks, resources, modules ..."""
    return KINDS[max((start for start in KINDS if path.startswith(start)), key=len)]


def software(requirements: Path) -> dict:
    """Version of Python and of every package that a file of requirements names; none where one is not installed."""
    lines = [line.partition("#")[0].strip() for line in requirements.read_text().splitlines()]
    names = sorted(Requirement(line).name for line in lines if line)
    return {"python": platform.python_version(), "packages": {name: _version(name) for name in names}}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def record(
    *, root: Path, sources: list[str], results: list[str], configuration: dict, studies: dict[str, dict]
) -> dict:
    """All inputs of the results of a run, with checksums of both; paths are relative to `root`.

    `sources` are the files that the run read and did not make; `configuration` is the one used, with seed and draws.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    named = {str(path.relative_to(root)) for folder in WITH_ORIGINS for path in named_files(root / folder)}
    sources = [path for path in sources if path in named or not path.startswith(WITH_ORIGINS)]
    inputs: dict[str, dict[str, str]] = {}
    for path in sources:
        inputs.setdefault(kind(path), {})[path] = sha256(root / path)
    return {
        "project": {key: project[key] for key in ("name", "version")},
        "software": software(root / "requirements.in"),
        "configuration": configuration,
        "studies": studies,
        "origins": {
            str(Path(path).parent): {
                key: value for key, value in read_yaml(root / path).items() if key not in ("files", "derived_from")
            }
            for path in sources
            if Path(path).name == ORIGIN
        },
        "inputs": inputs,
        "outputs": {path: _checksum(root / path) for path in results},
    }


def _checksum(path: Path) -> dict[str, str]:
    if path.suffix == ".duckdb":
        return {"contents_sha256": contents_sha256(path), "note": OF_CONTENTS}
    return {"sha256": sha256(path)}


def read(path: Path) -> dict:
    """A `provenance.json`, as `record` gave it.

    Raises:
        InputError: the file is missing or something else.
    """
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run `make` first") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); run `make` to have it written again") from None
    missing = {"inputs", "outputs", "configuration", "studies", "software"} - set(recorded)
    if missing:
        raise InputError(f"{path}: missing {', '.join(sorted(missing))}; run `make` to have it written again")
    return recorded


def input_checksums(recorded: dict) -> dict[str, str]:
    """SHA-256 of every input by its path, of all kinds together."""
    return {path: checksum for files in recorded["inputs"].values() for path, checksum in files.items()}


def _settings(recorded: dict, root: Path) -> list[str]:
    """A line for every setting that differs in today's configuration: some may be given to a run alone."""
    today = read_yaml(root / CONFIGURATION) if (root / CONFIGURATION).is_file() else {}
    return [
        f"{CONFIGURATION}: {of['key']}: found {of['now']!r}; recorded {of['before']!r}"
        for of in changed_parameters(recorded, today)
        if not of["key"].startswith(STATEMENTS)
    ]


def differences(recorded: dict, root: Path) -> list[str]:
    """A line for every file and setting that is missing or differs from the recorded one; none if all match."""
    expected = {path: {"sha256": checksum} for path, checksum in input_checksums(recorded).items()}
    lines = _settings(recorded["configuration"], root)
    for path, entry in sorted((expected | recorded["outputs"]).items()):
        if not (root / path).is_file():
            lines.append(f"{path}: no such file")
            continue
        try:
            found = _checksum(root / path)
        except duckdb.Error:
            lines.append(f"{path}: not a DuckDB database")
            continue
        lines += [
            f"{path}: found {key} {found[key]}; recorded {entry.get(key)}"
            for key in found
            if key != "note" and found[key] != entry.get(key)
        ]
    return lines
