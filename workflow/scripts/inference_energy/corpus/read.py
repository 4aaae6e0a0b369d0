"""From benchmark files to typed tables: origins verified, every bad row set aside with its reason."""

from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.formats.registry import FORMATS
from inference_energy.corpus.names import Names, precision_in
from inference_energy.corpus.origins import ORIGIN, read_origin, source_table
from inference_energy.corpus.per_gpu import output_tok_per_s_per_gpu
from inference_energy.corpus.plausible import of_all_gpus
from inference_energy.corpus.power_log import must_be_named, with_energy
from inference_energy.corpus.tables import RUN, TABLES, of_all_sources
from inference_energy.tables.columns import types_of
from inference_energy.tables.rows import REJECTED, split

UNIQUE_ROW = ["source", "row_id"]
SOURCE = {"source": pl.String}
LEFT_OUT = SOURCE | {"file": pl.String, "reason": pl.String, "records": pl.Int64}


def read_sources(folder: Path, origin_schema: dict, known: dict[str, Names]) -> dict[str, pl.DataFrame]:
    """All tables of the benchmark corpus.

    `known` are the names that the columns `model` and `gpu` may hold.

    Returns:
        `source` (one row per file), `throughput`, `measured_energy`, `published_estimate`, `rejected_row` and
        `left_out`.

    Raises:
        InputError: a fault of an origin or of a whole file.
    """
    sources = sorted(path for path in folder.iterdir() if path.is_dir())
    if not sources:
        raise InputError(f"{folder}: found no source; allowed: one folder per source with its origin.yaml")
    return _read(sources, folder, origin_schema, known)


def read_source(folder: Path, origin_schema: dict, known: dict[str, Names]) -> dict[str, pl.DataFrame]:
    """The tables of `read_sources` for the folder of one source, wherever it lies."""
    return _read([folder], folder.parent, origin_schema, known)


def _read(sources: list[Path], folder: Path, origin_schema: dict, known: dict[str, Names]) -> dict[str, pl.DataFrame]:
    origins = {path.name: read_origin(path, origin_schema, FORMATS) for path in sources}
    texts: dict[str, list[pl.DataFrame]] = {}
    left_out = [pl.DataFrame(schema=LEFT_OUT)]
    for path in sources:
        origin = origins[path.name]
        of_source = {"source": path.name, "read_on": origin["read_on"], "licence": origin["licence"]}
        stated, omitted = _read_files(path, origin)
        left_out.append(omitted.select(pl.lit(path.name).alias("source"), *omitted.columns))
        for table, text in stated.items():
            told = text.with_columns(pl.lit(value).alias(name) for name, value in of_source.items())
            texts.setdefault(table, []).append(told)
    tables = {name: pl.DataFrame(schema=types_of(of_all_sources(table))) for name, table in TABLES.items()}
    read = [pl.DataFrame(schema=SOURCE | {"file": pl.String, "rows_read": pl.Int64})]
    rejected = [pl.DataFrame(schema=SOURCE | REJECTED)]
    for table, parts in texts.items():
        # Not rechunked, columns are cut in different places, and every step would rechunk all of them.
        text = pl.concat(parts, rechunk=True)
        good, bad = split(text, TABLES[table], known, within="source")
        read.append(text.group_by("source", "file").agg(pl.len().cast(pl.Int64).alias("rows_read")))
        rejected.append(bad.join(read[-1], on="file", how="left", maintain_order="left").select("source", *REJECTED))
        tables[table] = good.select(tables[table].columns)
    tables["throughput"] = tables["throughput"].with_columns(output_tok_per_s_per_gpu())
    energy, without_run = _with_run(tables["measured_energy"], tables["throughput"])
    tables["measured_energy"] = of_all_gpus(energy)
    tables["rejected_row"] = pl.concat([*rejected, without_run])
    tables["left_out"] = pl.concat(left_out)
    tables["source"] = _count_rows(source_table(folder, origins), tables, pl.concat(read))
    return tables


def _read_files(folder: Path, origin: dict) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    texts: dict[str, list[pl.DataFrame]] = {}
    left_out = [pl.DataFrame(schema={name: dtype for name, dtype in LEFT_OUT.items() if name != "source"})]
    must_be_named(folder, origin["files"])
    for name, facts in sorted(origin["files"].items()):
        path = folder / name
        reading = FORMATS[facts["format"]].read(path)
        if "power_log" in facts:
            reading = with_energy(reading, path, origin["files"])
        columns = [column for table in reading.tables for column in TABLES[table].to_schema().columns]
        unknown = [column for column in facts.get("facts", {}) if column not in columns]
        if unknown:
            raise InputError(
                f"{folder / ORIGIN}: files.{name}.facts: found {one_of(unknown)}; allowed: {one_of(set(columns))}"
            )
        for table, text in reading.tables.items():
            texts.setdefault(table, []).append(_complete(text, table, path, origin, facts.get("facts", {})))
        omitted = [
            {"file": str(path), "reason": reason, "records": records}
            for reason, records in sorted(reading.left_out.items())
        ]
        left_out.append(pl.DataFrame(omitted, schema=left_out[0].schema))
    return {table: pl.concat(parts) for table, parts in texts.items()}, pl.concat(left_out)


def _complete(text: pl.DataFrame, table: str, path: Path, origin: dict, facts: dict) -> pl.DataFrame:
    """All columns of a table: what the origin says for the whole file, then cells of the file.

    A fact overrules what the file states, and the column `overruled` of the row then says what that was. Where neither
    states a precision, it is the one that the name of the model states.
    """
    schema = TABLES[table].to_schema().columns
    facts = {name: str(value) for name, value in facts.items() if value != "" and name in schema}
    stated = text.with_columns(
        pl.lit(None, pl.String).alias(name) for name in schema if name not in text.columns
    ).with_columns(pl.lit(value).alias(f"fact {name}") for name, value in facts.items())
    complete = stated.select(
        *(pl.coalesce(*([f"fact {name}"] if name in facts else []), name).alias(name) for name in schema),
        "file",
        "line",
    )
    if "overruled" in schema:
        complete = complete.with_columns(_overruled(stated, facts), stated_model="model", stated_gpu="gpu")
        complete = complete.with_columns(precision=pl.coalesce("precision", _precision_in_name(complete["model"])))
    if "url" in schema:
        complete = complete.with_columns(pl.col("url").fill_null(origin["url"]))
    # A required column without a single value is a fault of the file, not of each of its rows.
    empty = complete.null_count().row(0, named=True)
    absent = [name for name, column in schema.items() if not column.nullable and empty[name] == len(complete)]
    if absent and not complete.is_empty():
        raise InputError(
            f"{path}: nothing in {one_of(absent)}; allowed: a column with values,"
            f" or one value for all rows in {path.parent / ORIGIN} under files.{path.name}.facts"
        )
    return complete


def _overruled(stated: pl.DataFrame, facts: dict[str, str]) -> pl.Series:
    """Per row: what the file states where a fact says something else; null where nothing is overruled."""
    told = [
        pl.when(pl.col(name).is_not_null() & (pl.col(name) != value))
        .then(pl.format("{} {}", pl.lit(name), name))
        .alias(name)
        for name, value in sorted(facts.items())
    ]
    if not told:
        return pl.Series("overruled", [None] * len(stated), dtype=pl.String)
    text = pl.concat_str(told, separator="; ", ignore_nulls=True)
    return stated.select(overruled=pl.when(text != "").then(text))["overruled"]


def _precision_in_name(models: pl.Series) -> pl.Series:
    known = {name: precision_in(name) for name in models.drop_nulls().unique()}
    return models.replace_strict(known, default=None, return_dtype=pl.String)


def _with_run(energy: pl.DataFrame, throughput: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Measured energies with the configuration of their runs; those without one are rejected."""
    lost = energy.join(throughput, on=UNIQUE_ROW, how="anti", maintain_order="left").select(
        "source",
        "file",
        "line",
        pl.lit("row_id").alias("column"),
        pl.col("row_id").alias("value"),
        pl.lit("allowed: the row_id of an accepted throughput row of the same source").alias("reason"),
    )
    runs = throughput.select(*UNIQUE_ROW, *RUN, "output_tok_per_s_per_gpu")
    return energy.join(runs, on=UNIQUE_ROW, how="inner", maintain_order="left"), lost


def _count_rows(sources: pl.DataFrame, tables: dict[str, pl.DataFrame], read: pl.DataFrame) -> pl.DataFrame:
    """Per file: rows read, accepted and rejected, and records left out; `read` are the rows of files by table."""
    accepted = pl.concat([tables[name].select("source", "file") for name in TABLES])
    for count in (
        accepted.group_by("source", "file").agg(pl.len().cast(pl.Int64).alias("rows_accepted")),
        read.group_by("source", "file").agg(pl.sum("rows_read")),
        tables["left_out"].group_by("source", "file").agg(pl.sum("records").alias("records_left_out")),
    ):
        sources = sources.join(count, on=["source", "file"], how="left", maintain_order="left")
    counted = pl.col("rows_read", "rows_accepted", "records_left_out").fill_null(0)
    return sources.with_columns(counted).with_columns(rows_rejected=pl.col("rows_read") - pl.col("rows_accepted"))
