"""The validation protocol, config/validation.yaml: what is scored, and what is left out in turn."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from inference_energy.common.errors import InputError, one_of


def sha256(protocol: Mapping[str, Any]) -> str:
    """Hash of the protocol, whatever the order and comments of its file."""
    return hashlib.sha256(json.dumps(protocol, sort_keys=True).encode()).hexdigest()


def scored(runs: pl.DataFrame, protocol: Mapping[str, Any]) -> pl.DataFrame:
    """Runs that are scored: all, but repeated ones only where they metered energy."""
    repeated = pl.col("source").is_in(list(protocol["repeated"]))
    return runs.filter(~repeated | pl.col("boundary").is_not_null())


def with_version(runs: pl.DataFrame, protocol: Mapping[str, Any]) -> pl.DataFrame:
    """Runs with `version`: the table of offline throughput that a row belongs to; nothing for others."""
    version = pl.lit(None, pl.String)
    for source, column in protocol["left_out"]["version"].items():
        own = pl.col("source") if column == "source" else pl.format("{} {}", "source", column)
        version = pl.when(pl.col("source") == source).then(own).otherwise(version)
    return runs.with_columns(version=version)


def names(kind: str, runs: pl.DataFrame, protocol: Mapping[str, Any]) -> dict[str, str]:
    """What is left out in turn, each with the column that it is a value of.

    Raises:
        InputError: a source that the corpus does not have.
    """
    of = protocol["left_out"]
    if kind == "source":
        known = {"campaign": of["source"], "source": of.get("wall", [])}
        for column, listed in known.items():
            unknown = [name for name in listed if name not in runs[column].unique()]
            if unknown:
                allowed = sorted(runs[column].unique())
                raise InputError(
                    f"config/validation.yaml: left_out: found {one_of(unknown)}; allowed: {one_of(allowed)}"
                )
        return {name: column for column, listed in known.items() for name in listed}
    if kind == "version":
        return dict.fromkeys(runs["version"].drop_nulls().unique().sort(), "version")
    column = {"model": "network", "gpu": "gpu"}[kind]
    metered = runs.filter(pl.col("board_share").is_not_null())
    return dict.fromkeys(metered[column].unique().sort(), column)
