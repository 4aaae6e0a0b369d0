"""Inputs of derivations: tables, studies, registries and the lines behind them, each read when needed."""

from collections.abc import Callable, Hashable
from functools import cached_property, wraps
from pathlib import Path
from typing import Any

import polars as pl

from inference_energy.common import comments, yaml_files
from inference_energy.common.csv_files import rows_by_line
from inference_energy.common.errors import InputError
from inference_energy.common.files import lines
from inference_energy.corpus import registries
from inference_energy.energy.read import REGISTRIES
from inference_energy.energy.service import Service, Tables, resolved
from inference_energy.fleet.tables import ReferenceLoad
from inference_energy.oviedo.energy import exact_distribution
from inference_energy.oviedo.exact import ExactDistribution
from inference_energy.publish.catalogue import BY_NAME
from inference_energy.serving import stored
from inference_energy.serving.runs import for_fit
from inference_energy.studies import files as studies_files
from inference_energy.studies.study import NestedStudy, PublishedStudy, whole
from inference_energy.tables import public
from inference_energy.tables.units import COUNT, FACTOR, OF_PARAMETER, OF_ROW, POSITION, SHARE
from inference_energy.throughput.log_linear import from_fit_row

DEPTH = 3  # of the folder of a source: resources/benchmarks/<source>
STUDIES = Path("config/studies")
# Public tables by the names that `service.Tables` has for them.
TABLES = {
    **{name: f"serving_{name}" for name in (*stored.NAMES, "runs")},
    "models": "model",
    "hardware": "hardware",
    "lengths": "request_lengths",
    "answers": "output_length_quantiles",
    "rates": "service_rates",
}
# Units that are printed in another way than they are declared.
PRINTED = dict.fromkeys((SHARE, COUNT, POSITION, OF_PARAMETER), "") | {FACTOR: "x"}


def kept(method: Callable) -> Callable:
    """A method whose answers are kept, by its arguments."""

    @wraps(method)
    def answer(self: Any, *place: Hashable, **facts: Hashable) -> Any:
        known = vars(self).setdefault("_answers", {})
        name = (method, place, *facts.items())
        if name not in known:
            known[name] = method(self, *place, **facts)
        return known[name]

    return answer


class Build:
    """The contents of a finished build and its inputs in a repository, each read once, when needed."""

    def __init__(self, root: Path):
        self.root = root
        self._read: dict[tuple, Any] = {}

    def once(self, *place: Hashable, read: Callable[[], Any]) -> Any:
        """A value by its name, which is computed or read the first time it is needed."""
        if place not in self._read:
            self._read[place] = read()
        return self._read[place]

    # Configuration and studies

    @kept
    def yaml(self, *path: str | Path) -> dict:
        """A YAML file of the repository."""
        return yaml_files.read_yaml(self.root.joinpath(*path))

    @property
    def config(self) -> dict:
        """`config/config.yaml`."""
        return self.yaml("config/config.yaml")

    @kept
    def study(self, name: str) -> dict:
        """Entries of a study with everything that it inherits, as its files have them."""
        schemas = {method: self.yaml(f"workflow/schemas/study_{method}.schema.yaml") for method in public.METHODS}
        return studies_files.read_study(name, self.root / STUDIES, schemas)

    @kept
    def typed_study(self, name: str) -> PublishedStudy | NestedStudy:
        """The same as a typed object."""
        return whole(self.study(name))

    @cached_property
    def methods(self) -> dict[str, str]:
        """Method of every study that is built."""
        return {name: self.study(name)["method"] for name in self.config["studies"]}

    @property
    def current(self) -> str:
        """The study that others are compared with: the last step of the bridge."""
        return list(self.config["bridge"]["steps"])[-1]

    def unbuilt(self, word: str) -> bool:
        """Whether a word is the name of a study that is not built."""
        return word not in self.methods and (self.root / STUDIES / f"{Path(word).name}.yaml").is_file()

    @kept
    def study_line(self, name: str, *keys: str) -> tuple[str, int, str]:
        """File, line and comments of a study's key: its own file, or that of the study it is inherited from.

        Raises:
            InputError: no file of the chain has the key.
        """
        chain = name
        while chain is not None:
            path = STUDIES / f"{chain}.yaml"
            line, comment = comments.about((self.root / path).read_text(encoding="utf-8"), keys)
            if line is not None:
                return path.as_posix(), line, comment
            chain = self.yaml(path).get("extends")
        raise InputError(f"config/studies/{name}.yaml: found no {'.'.join(keys)}; allowed: a key of the study")

    # Public tables

    @kept
    def table(self, name: str) -> pl.DataFrame:
        """All rows of a public table.

        Raises:
            InputError: it was never built.
        """
        for file in self._missing(name):
            raise InputError(f"results/{file}: no such file; run `make` first")
        return public.read(BY_NAME[name], self.root / "results", self.methods)

    def _missing(self, name: str) -> list[str]:
        files = BY_NAME[name].files(self.methods).values()
        return [file for file in files if not (self.root / "results" / file).is_file()]

    def is_built(self, name: str) -> bool:
        """Whether a public table is there: without the study that the bridge begins at, some are not made."""
        return not self._missing(name)

    @kept
    def meanings(self, name: str) -> dict[str, str]:
        """What the columns of a public table mean."""
        return BY_NAME[name].columns()

    @kept
    def key(self, name: str) -> list[str]:
        """Columns that together name a row of a public table."""
        return BY_NAME[name].key()

    def unit(self, name: str, column: str, row: dict) -> str:
        """Unit of a number of a public table as it is printed behind it: its row's own where rows have different ones.

        Shares, counts and positions are printed without one, factors with an x.
        """
        declared = self.once("units", name, read=BY_NAME[name].units)[column]
        return row["unit"] or "" if declared == OF_ROW else PRINTED.get(declared, declared)

    @kept
    def rows(self, name: str, **key: Hashable) -> pl.DataFrame:
        """Rows of a public table by some of their columns."""
        return self.table(name).filter(*(pl.col(column).eq_missing(pl.lit(value)) for column, value in key.items()))

    def row(self, name: str, **key: Hashable) -> dict:
        """The first row of a public table with such values.

        Raises:
            InputError: there is none: the table is of another build than what refers to it.
        """
        columns = tuple(sorted(key))
        place = self._places(name, *columns).get(tuple(key[column] for column in columns))
        if place is None:
            raise InputError(f"results: table {name} has no row {key}; run `make` first")
        return self.table(name).row(place, named=True)

    @kept
    def _places(self, name: str, *columns: str) -> dict[tuple, int]:
        """Place of the first row by its values in some columns: looking rows up one by one is slow otherwise."""
        found: dict[tuple, int] = {}
        for place, values in enumerate(self.table(name).select(columns).iter_rows()):
            found.setdefault(values, place)
        return found

    # Lines of resources

    def found_row(self, file: str, **cells: str) -> tuple[int, dict[str, str]] | None:
        """Line and cells of the first row of a file in `resources` with the given cells, if any."""
        rows = rows_by_line(self.root / f"resources/{file}").items()
        return next(((line, row) for line, row in rows if cells.items() <= row.items()), None)

    def registry_row(self, file: str, **cells: str) -> tuple[int, dict[str, str]]:
        """The same of a file that must have such a row.

        Raises:
            InputError: there is none.
        """
        found = self.found_row(file, **cells)
        if found is None:
            raise InputError(f"resources/{file}: found no row with {cells}; allowed: one that the results rest on")
        return found

    def cells(self, file: str, line: int) -> dict[str, str] | str:
        """Cells of a line of a CSV file by column; of another file the line as it is."""
        path = self.root / file
        return rows_by_line(path)[line] if path.suffix == ".csv" else lines(path)[line - 1]

    def origin(self, file: str) -> dict:
        """The `origin.yaml` of the source that a file belongs to."""
        return self.yaml(*Path(file).parts[:DEPTH], "origin.yaml")

    # What energies are computed from

    @kept
    def registry(self, name: str) -> pl.DataFrame:
        """A registry of `resources` that services are resolved from: one of `energy.read.REGISTRIES`."""
        return registries.read_registry(self.root / f"resources/{name}.csv", REGISTRIES[name])

    @cached_property
    def used_runs(self) -> pl.DataFrame:
        """Runs that the serving model is fitted to."""
        return for_fit(self.table(TABLES["runs"]), self.yaml("config/validation.yaml")["repeated"])

    @cached_property
    def nested_tables(self) -> Tables:
        """What studies of method `nested` are resolved from."""
        read = {name: self.table(table) for name, table in TABLES.items()}
        return Tables(**read | {name: self.registry(name) for name in REGISTRIES} | {"runs": self.used_runs})

    @cached_property
    def reference_loads(self) -> pl.DataFrame:
        """Table of familiar loads."""
        return registries.read_registry(self.root / "resources/reference_loads.csv", ReferenceLoad)

    @kept
    def service(self, study: str) -> Service:
        """A study of method `nested` with everything that its energies are computed from."""
        size = {"draws": self.config["sweep_draws"], "seed": self.config["seed"]}
        return resolved(study, self.typed_study(study), self.nested_tables, **size)

    @kept
    def exact(self, study: str, workload: str, model: str) -> ExactDistribution:
        """Distribution of a model's energies in a study of method `published`."""
        curve = from_fit_row(self.row("throughput_fit", study=study, model=model))
        return exact_distribution(study=self.typed_study(study), workload=workload, model=model, throughput=curve)
