"""The benchmark database: written whole by one rule, opened read-only by everybody else."""

import tempfile
from pathlib import Path

import duckdb
import polars as pl


def write(path: Path, tables: dict[str, pl.DataFrame], comments: dict[str, tuple[str, dict[str, str]]]) -> None:
    """Write all tables into a new DuckDB file, which takes its place only when complete.

    Args:
        path: the database.
        tables: frames by table name.
        comments: by table name, the meaning of the table and of each column.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unfinished = Path(folder) / path.name
        with duckdb.connect(str(unfinished)) as connection:
            for name, frame in tables.items():
                parquet = Path(folder) / f"{name}.parquet"
                frame.write_parquet(parquet)
                connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM read_parquet(?)', [str(parquet)])
                meaning, columns = comments[name]
                connection.execute(f'COMMENT ON TABLE "{name}" IS {_quoted(meaning)}')
                for column, text in columns.items():
                    connection.execute(f'COMMENT ON COLUMN "{name}"."{column}" IS {_quoted(text)}')
        unfinished.replace(path)


def read(path: Path, table: str, order_by: list[str]) -> pl.DataFrame:
    """One table, in a stated order."""
    order = ", ".join(f'"{name}"' for name in order_by)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(path), read_only=True) as connection:
        parquet = Path(folder) / "table.parquet"
        connection.execute(
            f'COPY (SELECT * FROM "{table}" ORDER BY {order}) TO {_quoted(str(parquet))} (FORMAT parquet)'
        )
        return pl.read_parquet(parquet)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
