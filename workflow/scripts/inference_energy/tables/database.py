"""The benchmark database: written as a whole by one rule, opened read-only by all others."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from inference_energy.common import files
from inference_energy.common.arrow import batches
from inference_energy.common.escaped import sql

# Many small tables take a quarter of the space in small blocks; a large one is written faster in large ones.
SMALL_BLOCK, LARGE_BLOCK, MANY_ROWS = 16_384, 262_144, 100_000
SORTED_WITHIN = "1300MB"  # of memory; a table that is sorted needs more of it or, a little slower, of disk


@dataclass(frozen=True)
class Meaning:
    """What a table or view is, and its columns."""

    text: str  # what one row is
    columns: dict[str, str]  # by column, its meaning and unit; every column has one
    query: str | None = None  # the SELECT behind a view; none for a table


def write(path: Path, tables: dict[str, pl.DataFrame], meanings: dict[str, Meaning]) -> None:
    """Write all tables and views into a new DuckDB file, which is moved into place only when complete;
    every column of every one has a meaning.
    """
    block = LARGE_BLOCK if max(map(len, tables.values())) > MANY_ROWS else SMALL_BLOCK
    with (
        files.complete(path) as (unfinished,),
        duckdb.connect(str(unfinished), config={"default_block_size": block}) as connection,
    ):
        connection.execute("SET preserve_insertion_order = false")  # twice as fast; readers state their order
        for name, frame in tables.items():
            connection.register("rows", batches(frame))
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM rows')
            connection.unregister("rows")
            _comment(connection, "TABLE", name, meanings[name])
        for name, meaning in meanings.items():
            if meaning.query is not None:
                connection.execute(f'CREATE VIEW "{name}" AS {meaning.query}')
                _comment(connection, "VIEW", name, meaning)


def _comment(connection: duckdb.DuckDBPyConnection, kind: str, name: str, meaning: Meaning) -> None:
    connection.execute(f'COMMENT ON {kind} "{name}" IS {sql(meaning.text)}')
    for column in connection.execute(f'FROM "{name}" LIMIT 0').description:
        text = meaning.columns[column[0]]
        connection.execute(f'COMMENT ON COLUMN "{name}"."{column[0]}" IS {sql(text)}')


def read(path: Path, table: str, order_by: list[str]) -> pl.DataFrame:
    """One table, in a stated order."""
    order = ", ".join(f'"{name}"' for name in order_by)
    with duckdb.connect(str(path), read_only=True, config={"memory_limit": SORTED_WITHIN}) as connection:
        rows = connection.sql(f'SELECT * FROM "{table}" ORDER BY {order}')
        return pl.DataFrame(batches(rows))


def contents_sha256(path: Path) -> str:
    """SHA-256 of what a database holds: every table with its rows in order, every view, every comment.

    The bytes of the file differ from build to build with the same contents; this does not.

    Raises:
        duckdb.Error: the file is not a database.
    """
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(path), read_only=True) as connection:
        described = [
            "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY view_name",
            "SELECT table_name, comment FROM duckdb_tables() ORDER BY table_name",
            "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal"
            " ORDER BY table_name, column_index",
        ]
        for query in described:
            digest.update(json.dumps(connection.execute(query).fetchall()).encode())
        for (name,) in connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY table_name").fetchall():
            rows = Path(folder) / "rows.csv"
            # Every value in quotes: what is empty differs from what is missing.
            connection.execute(
                f'COPY (SELECT * FROM "{name}" ORDER BY ALL) TO {sql(str(rows))} (FORMAT csv, FORCE_QUOTE *)'
            )
            digest.update(rows.read_bytes())
    return digest.hexdigest()


def frame(connection: duckdb.DuckDBPyConnection, query: str, folder: Path | None = None) -> pl.DataFrame:
    """Result of a query, by way of a file in a folder, by default the system's folder for temporary files."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".rows_") as inside:
        parquet = Path(inside) / "rows.parquet"
        connection.execute(f"COPY ({query}) TO {sql(str(parquet))} (FORMAT parquet, COMPRESSION uncompressed)")
        return pl.read_parquet(parquet)
