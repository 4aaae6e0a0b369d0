"""The project's own CSV format: one file per table, its columns named as in `corpus.tables`."""

from pathlib import Path

from inference_energy.common.csv_files import read_text
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.tables import TABLES


def read(path: Path, *, table: str) -> Reading:
    """Rows of one of `corpus.tables.TABLES`.

    Raises:
        InputError: a fault of the file, or an unknown column.
    """
    columns = list(TABLES[table].to_schema().columns)
    return Reading({table: read_text(path, columns, optional=frozenset(columns) - {"row_id"})})
