"""Models, closed models and hardware: their names and aliases, and checks that need several rows or columns."""

from pathlib import Path

import polars as pl

from inference_energy.common.csv_files import read_text
from inference_energy.common.errors import InputError
from inference_energy.corpus import registry_checks
from inference_energy.corpus.names import Names, read_names
from inference_energy.corpus.registry_tables import ClosedModel, Hardware, Model
from inference_energy.tables.inputs import InputTable
from inference_energy.tables.rows import must_be_empty, split

SIZES = ("total", "active")


def read_registry(path: Path, table: type[InputTable]) -> pl.DataFrame:
    """A registry file, typed; any fault stops the run.

    Raises:
        InputError: the first fault of the file or of a row.
    """
    good, rejected = split(read_text(path, list(table.to_schema().columns)), table)
    must_be_empty(rejected)
    return good.drop("file", "line")


def read_models(path: Path) -> tuple[pl.DataFrame, Names]:
    """The model registry and its names.

    Raises:
        InputError: a fault of a row; a name that stands for two models; `same_network_as` that names no model, one
            that points on, or one of another size; a class that reaches into the sizes of the next; an architecture
            that contradicts itself.
    """
    models = read_registry(path, Model)
    sizes = models.select("model", "same_network_as", "total_parameters_billions", "active_parameters_billions")
    pairs = models.filter(pl.col("same_network_as").is_not_null()).join(
        sizes, left_on="same_network_as", right_on="model", how="left", suffix="_twin"
    )
    for row in pairs.iter_rows(named=True):
        same = all(row[f"{part}_parameters_billions"] == row[f"{part}_parameters_billions_twin"] for part in SIZES)
        if not same or row["same_network_as_twin"] is not None:
            raise InputError(
                f"{path}: {row['model']}: same_network_as: found {row['same_network_as']!r};"
                " allowed: a model of the registry with the same parameter counts and no same_network_as of its own"
            )
    _check_classes(path, models)
    registry_checks.must_agree(path, models, registry_checks.MODEL_RULES)
    return models, read_names(path, models, "model")


def read_closed_models(path: Path, open_models: Names) -> tuple[pl.DataFrame, Names]:
    """The closed models, the sizes assumed for them, and their names.

    Raises:
        InputError: a fault of a row; a range that is upside down or has one end; a name that stands for two models, or
            for a model of the registry of open ones.
    """
    closed = read_registry(path, ClosedModel)
    registry_checks.must_agree(path, closed, registry_checks.CLOSED_MODEL_RULES)
    closed_names = read_names(path, closed, "model")
    for name in sorted(closed_names.canonical.keys() & open_models.canonical.keys()):
        raise InputError(
            f"{path}: {closed_names.canonical[name]}: found the name {name!r}; allowed: a name or alias that is not in"
            f" {open_models.registry}, where it stands for {open_models.canonical[name]}"
        )
    return closed, closed_names


def _check_classes(path: Path, models: pl.DataFrame) -> None:
    smallest, above = float("inf"), ""
    for model_class in ("frontier", "large", "medium", "small"):
        members = models.filter(pl.col("model_class") == model_class).sort("total_parameters_billions")
        if members.is_empty():
            continue
        largest = members.row(-1, named=True)
        if largest["total_parameters_billions"] >= smallest:
            raise InputError(
                f"{path}: {largest['model']}: model_class: found {model_class!r} at"
                f" {largest['total_parameters_billions']:g} B; allowed: {above}, which starts at {smallest:g} B"
            )
        smallest, above = members["total_parameters_billions"][0], model_class


def read_hardware(path: Path) -> tuple[pl.DataFrame, Names]:
    """The hardware registry and its names.

    Raises:
        InputError: a fault of a row; a name that stands for two GPUs.
    """
    hardware = read_registry(path, Hardware)
    return hardware, read_names(path, hardware, "gpu")
