"""Our own CSV: one file per table, its columns named as in `benchmark_tables`."""

from pathlib import Path

from inference_energy.common.csv_files import read_text
from inference_energy.corpus.formats.reading import Reading
from inference_energy.corpus.tables import TABLES


def read_throughput(path: Path) -> Reading:
    """Rows of table `throughput`.

    Raises:
        InputError: a fault of the file, or an unknown column.
    """
    return _read(path, "throughput")


def read_measured_energy(path: Path) -> Reading:
    """Rows of table `measured_energy`.

    Raises:
        InputError: a fault of the file, or an unknown column.
    """
    return _read(path, "measured_energy")


def read_published_estimates(path: Path) -> Reading:
    """Rows of table `published_estimate`.

    Raises:
        InputError: a fault of the file, or an unknown column.
    """
    return _read(path, "published_estimate")


def _read(path: Path, table: str) -> Reading:
    columns = list(TABLES[table].to_schema().columns)
    return Reading({table: read_text(path, columns, optional=frozenset(columns) - {"row_id"})})
