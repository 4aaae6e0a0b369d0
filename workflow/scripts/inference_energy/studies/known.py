"""Names of models and GPUs in studies and settings, compared with the registries before any job runs.

The registries are read as text: only jobs check everything else in them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from inference_energy.common.csv_files import rows_by_line
from inference_energy.common.errors import InputError, like, one_of
from inference_energy.corpus.names import Names, read_names
from inference_energy.studies import checks
from inference_energy.studies.study import NestedStudy, whole

MODELS, CLOSED, HARDWARE = (Path(f"resources/{name}.csv") for name in ("models", "closed_models", "hardware"))
CONFIG = "config/config.yaml"


def check_studies(studies: Mapping[str, Mapping[str, Any]]) -> None:
    """Check every model and GPU that studies name.

    Args:
        studies: entries of the studies, with everything they inherit, by name.

    Raises:
        InputError: a registry that cannot be read, or a name that it does not have.
    """
    models = _rows(MODELS)
    names = {"model": (models["model"].to_list(), MODELS), "gpu": (_rows(HARDWARE)["gpu"].to_list(), HARDWARE)}
    totals = models.select("model", pl.col("total_parameters_billions").cast(pl.Float64, strict=False)).drop_nulls()
    for name, entries in studies.items():
        place, study = f"config/studies/{name}.yaml", whole(entries)
        if isinstance(study, NestedStudy):
            checks.check_classes(study, place, models)
        else:
            checks.check_against_registry(study, place, dict(totals.iter_rows()))
        for key, kind, found in _named(entries):
            _check(found, *names[kind], f"{place}: {key}")
        for workload, sides in entries["workloads"].items():
            for side, spec in sides.items():
                if isinstance(spec, Mapping) and "model" in spec:
                    _check(spec["model"], *names["model"], f"{place}: workloads.{workload}.{side}")


def check_settings(config: Mapping[str, Any], compared: Mapping[str, Any], name: str) -> None:
    """Check every model and GPU that config/config.yaml names.

    Args:
        config: its entries.
        compared: entries of the study whose models `cross_methods` compares.
        name: of that study.

    Raises:
        InputError: as of `check_studies`, or a model that the study does not serve.
    """
    served = list(whole(compared).model_classes())
    for model in config["cross_methods"]["models"]:
        if model not in served:
            raise InputError(
                f"{CONFIG}: cross_methods.models: found {model!r}; allowed: {one_of(served)}, which study {name} serves"
            )
    asked, models, gpus = config["answer_lengths"], _names(MODELS, "model"), _names(HARDWARE, "gpu")
    closed = _names(CLOSED, "model")
    for model in asked["models"]:
        if models.resolve(model) is None and closed.resolve(model) is None:
            raise InputError(f"{CONFIG}: answer_lengths.models: found {model!r}; allowed: {models.allowed(model)}")
    if gpus.resolve(asked["gpu"]) is None:
        raise InputError(f"{CONFIG}: answer_lengths.gpu: found {asked['gpu']!r}; allowed: {gpus.allowed(asked['gpu'])}")


def _rows(registry: Path) -> pl.DataFrame:
    return pl.DataFrame(list(rows_by_line(registry).values()))


def _names(registry: Path, column: str) -> Names:
    return read_names(registry, _rows(registry), column)


def _named(node: Any, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Key, kind and name of every GPU and every weighted model of a study, also of what interventions change."""
    if isinstance(node, list):
        for each in node:
            yield from _named(each, key)
    elif isinstance(node, Mapping):
        for name, each in node.items():
            within = f"{key}.{name}" if key else str(name)
            if name == "gpu":
                yield key, "gpu", each
            elif name == "weights":
                yield from ((within, "model", model) for model in each)
            else:
                yield from _named(each, within)


def _check(found: str, known: list[str], registry: Path, place: str) -> None:
    if found not in known:
        raise InputError(f"{place}: found {found!r}; allowed: {like(found, known)}, rows of {registry}")
