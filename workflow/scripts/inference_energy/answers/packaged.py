"""What the installed package holds and estimates are made from: the fitted serving model, registries, studies."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.common.files import ROOT, complete
from inference_energy.corpus.names import Names, read_names
from inference_energy.energy.service import Tables
from inference_energy.serving.operating_point import SERVICE
from inference_energy.statement.grades import Runs
from inference_energy.studies import files

INSTALLED = Path(__file__).parents[1] / "packaged"  # where the wheel has them
BUILT = ROOT / "results/package"  # where a build leaves them
BUILD = "build.json"
OF_SERVICES = tuple(each.name for each in fields(Tables))
TABLES = (*OF_SERVICES, "grid", "closed_models")
# Of the runs that the model is fitted to, what the prior of batches and the evidence behind an estimate need.
OF_RUNS = (
    *SERVICE,
    *("source", "row_id", "batch", "seconds_per_token", "energy_j_per_output_token", "board_share", "software_years"),
)


@dataclass(frozen=True, kw_only=True, eq=False)  # compared as what it is, so that services can be kept by it
class Packaged:
    """Everything that an estimate is made from."""

    tables: Tables
    grid: pl.DataFrame  # table of `fleet.tables.GridZone`
    closed_models: pl.DataFrame  # table of `corpus.registry_tables.ClosedModel`
    studies: Mapping[str, dict]  # entries of the studies of method `nested`, with everything they inherit, by name
    schema: dict  # of such a study
    version: str  # of the project that built it
    contents: str  # hash of all of it: the same numbers have the same
    draws: int  # of the shared uncertainty
    seed: int  # of all random streams
    _checked: dict[str, dict] = field(default_factory=dict, repr=False, compare=False)  # entries of changed studies

    @cached_property
    def models(self) -> Names:
        """Names of open models."""
        return read_names(Path("resources/models.csv"), self.tables.models, "model")

    @cached_property
    def closed(self) -> Names:
        """Names of closed models."""
        return read_names(Path("resources/closed_models.csv"), self.closed_models, "model")

    @cached_property
    def gpus(self) -> Names:
        """Names of GPUs."""
        return read_names(Path("resources/hardware.csv"), self.tables.hardware, "gpu")

    @cached_property
    def _gpus(self) -> dict[str, dict]:
        return {row["gpu"]: row for row in self.tables.hardware.iter_rows(named=True)}

    def gpu(self, name: str) -> dict:
        """Row of a GPU of the registry."""
        return self._gpus[name]

    @cached_property
    def runs_on(self) -> dict[tuple[str, str], tuple[int, int, frozenset[str]]]:
        """By network and GPU, runs that the serving model is fitted to, how many of them were metered, and sources."""
        counted = self.tables.runs.group_by("network", "gpu").agg(
            pl.len(), pl.col("board_share").count().alias("metered"), pl.col("source").unique()
        )
        return {(network, gpu): (runs, metered, frozenset(of)) for network, gpu, runs, metered, of in counted.rows()}

    @cached_property
    def runs(self) -> Runs:
        """What the runs are of that the serving model is fitted to."""
        return Runs.of(self.tables.effects)

    def study(self, given: str | Mapping[str, Any]) -> tuple[str, dict]:
        """Name and entries of a study: one by its name, or what differs from the one that it extends (`current`).

        Raises:
            InputError: a study that there is not, or a key or value that is not allowed.
        """
        if isinstance(given, str):
            if given not in self.studies:
                raise InputError(
                    f"study: found {given!r}; allowed: {one_of(list(self.studies))}, or a dictionary of keys of a study"
                )
            return given, self.studies[given]
        if not isinstance(given, Mapping):
            raise InputError(f"study: found {given!r}; allowed: a name or a dictionary of keys of a study")
        changes = dict(given)
        name, base = self.study(changes.pop("extends", "current"))
        key = json.dumps(given, sort_keys=True, default=str)
        if key not in self._checked:
            entries = files.merge(base, changes)
            files.check_entries(entries, self.schema, "study")
            self._checked[key] = entries
        return f"{name}, changed", self._checked[key]

    def zone(self, given: str) -> dict:
        """Row of a zone of the grid by its code or its name.

        Raises:
            InputError: a zone that there is not.
        """
        found = self.grid.filter(
            pl.col("zone").eq(str(given).upper()) | pl.col("label").str.to_lowercase().eq(str(given).lower())
        )
        if found.is_empty():
            known = [f"{zone} ({label})" for zone, label in self.grid.select("zone", "label").iter_rows()]
            raise InputError(f"zone: found {given!r}; allowed: {like(str(given), known)}, of resources/grid.csv")
        return found.row(0, named=True)


def write(
    folder: Path,
    *,
    tables: Tables,
    grid: pl.DataFrame,
    closed_models: pl.DataFrame,
    studies: Mapping[str, dict],
    schema: dict,
    version: str,
    draws: int,
    seed: int,
) -> None:
    """Write everything that `read` reads into a folder."""
    frames = {name: getattr(tables, name) for name in OF_SERVICES} | {"grid": grid, "closed_models": closed_models}
    frames["runs"] = tables.runs.select(*OF_RUNS)
    frames["covariance"] = tables.covariance.select("part", "covariance")  # its names are in the order of the values
    settings = {"version": version, "draws": draws, "seed": seed, "studies": studies, "schema": schema}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    with complete(folder / BUILD, *(folder / f"{name}.parquet" for name in TABLES)) as (build, *paths):
        for name, path in zip(TABLES, paths, strict=True):
            frames[name].write_parquet(path, compression="zstd", compression_level=19, statistics=False)
            digest.update(path.read_bytes())
        text = json.dumps({"contents": digest.hexdigest()[:12]} | settings, indent=1, ensure_ascii=False)
        build.write_text(text + "\n")


def read(folder: Path) -> Packaged:
    """What `write` wrote.

    Raises:
        InputError: nothing is there.
    """
    if not (folder / BUILD).is_file():
        raise InputError(
            f"{folder}: found no tables of a build; allowed: an installed package, or a clone after `make` has run"
        )
    build = json.loads((folder / BUILD).read_text())
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    return Packaged(tables=Tables(**{name: frames.pop(name) for name in OF_SERVICES}), **frames, **build)


def folder() -> Path:
    """Where the installed package has its tables, or else the build of the clone that this code is in."""
    return INSTALLED if INSTALLED.is_dir() else BUILT


@cache
def packaged() -> Packaged:
    """Everything that estimates are made from."""
    return read(folder())
