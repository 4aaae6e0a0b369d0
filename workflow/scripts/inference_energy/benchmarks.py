"""From benchmark files to typed tables: origins verified, every bad row set aside with its reason."""

from pathlib import Path

import polars as pl

from inference_energy.csv_tables import read_text
from inference_energy.errors import InputError
from inference_energy.input_tables import Hardware, InputTable, Model, PublishedEstimate, Throughput
from inference_energy.origins import read_origin, source_table
from inference_energy.validation import REJECTED, must_be_empty, split

UNIQUE_ROW = ["source", "row_id"]


def read_registry(path: Path, table: type[InputTable]) -> pl.DataFrame:
    """A registry file, typed; any fault stops the run.

    Raises:
        InputError: the first fault of the file or of a row.
    """
    good, rejected = split(read_text(path, list(table.to_schema().columns)), table, known={})
    must_be_empty(rejected)
    return good.drop("file", "line")


def read_benchmarks(folder: Path, resources: Path, origin_schema: dict) -> dict[str, pl.DataFrame]:
    """All tables of the benchmark database.

    Returns:
        `source`, `throughput`, `published_estimate`, `model`, `hardware` and `rejected_row`.

    Raises:
        InputError: a fault of an origin, of a whole file or of a registry.
    """
    models = read_registry(resources / "models.csv", Model)
    hardware = read_registry(resources / "hardware.csv", Hardware)
    known = {"model": models["model"].to_list(), "gpu": hardware["gpu"].to_list()}
    sources = sorted(path for path in folder.iterdir() if path.is_dir())
    if not sources:
        raise InputError(f"{folder}: found no source; allowed: one folder per source with its origin.yaml")
    origins, accepted, rejected = {}, [], [pl.DataFrame(schema={"source": pl.String} | REJECTED)]
    for path in sources:
        origin = origins[path.name] = read_origin(path, origin_schema)
        texts = [read_text(path / name, list(Throughput.to_schema().columns)) for name in sorted(origin["files"])]
        good, bad = split(pl.concat(texts), Throughput, known)
        source = pl.lit(path.name).alias("source")
        accepted.append(good.select(source, *good.columns))
        rejected.append(bad.select(source, *bad.columns))
    return {
        "source": source_table(origins),
        "throughput": pl.concat(accepted).sort(UNIQUE_ROW),
        "published_estimate": read_registry(resources / "published_estimates.csv", PublishedEstimate),
        "model": models,
        "hardware": hardware,
        "rejected_row": pl.concat(rejected),
    }


def comments() -> dict[str, tuple[str, dict[str, str]]]:
    """Meaning of every table of the database and of its columns."""

    def columns_of(table: type[InputTable]) -> dict[str, str]:
        return {name: column.description for name, column in table.to_schema().columns.items()}

    place = {
        "source": "folder of the source in resources/benchmarks",
        "file": "file",
        "line": "line in that file",
    }
    return {
        "source": (
            "One file of one benchmark source, with its verified origin",
            {
                "source": place["source"],
                "file": "file in that folder",
                "read_on": "date it was read",
                "sha256": "verified checksum",
            },
        ),
        "throughput": ("One token throughput of one configuration", columns_of(Throughput) | place),
        "published_estimate": ("One statement about the energy of a query", columns_of(PublishedEstimate)),
        "model": ("One language model", columns_of(Model)),
        "hardware": ("One GPU and its node", columns_of(Hardware)),
        "rejected_row": (
            "One fault of a benchmark row that was set aside",
            place | {"column": "column at fault", "value": "what was found", "reason": "what is allowed"},
        ),
    }
