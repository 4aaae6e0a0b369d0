"""The tables that studies of method `nested` are resolved from, read from their files."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import polars as pl

from inference_energy.corpus.registries import read_registry
from inference_energy.energy.service import Service, Tables, resolved
from inference_energy.energy.tables import NodePower, Overhead
from inference_energy.serving.runs import for_fit
from inference_energy.studies.study import NestedStudy

REGISTRIES = {"node_power": NodePower, "overheads": Overhead}


def read_tables(paths: Mapping[str, str], repeated: Mapping[str, str]) -> Tables:
    """All tables from their files: Parquet of earlier rules, CSV of `resources`.

    `repeated` are sources whose runs the serving model is not fitted to, see `serving.runs.for_fit`.

    Raises:
        InputError: the first fault of a registry.
    """
    read = {}
    for name in (each.name for each in fields(Tables)):
        path = Path(paths[name])
        read[name] = read_registry(path, table=REGISTRIES[name]) if name in REGISTRIES else pl.read_parquet(path)
    return Tables(**read | {"runs": for_fit(read["runs"], repeated)})


def read_service(
    name: str,
    entries: Mapping[str, Any],
    paths: Mapping[str, str],
    *,
    repeated: Mapping[str, str],
    draws: int,
    seed: int,
) -> Service:
    """The service of a study from the entries and files that a rule hands over: those of `read_tables`."""
    return resolved(name, NestedStudy.of(entries), read_tables(paths, repeated), draws=draws, seed=seed)
