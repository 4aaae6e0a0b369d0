"""What `make sources` prints."""

import datetime

import polars as pl
from inference_energy.corpus.source_list import source_lines

COUNTS = pl.DataFrame(
    {
        "source": ["new", "old"],
        "read_on": ["2026-11-20", "2026-01-31"],
        "throughput_rows": [10, 2000],
        "measured_energies": [5, 0],
        "energies_set_apart": [1, 0],
        "published_estimates": [0, 0],
        "errors": [1, 0],
        "warnings": [0, 12],
    }
)
FILES = pl.DataFrame(
    {
        "source": ["new", "new", "old"],
        "obtained": ["secondary_copy", "secondary_copy", None],
        "url": ["https://new.example.org"] * 2 + ["https://old.example.org"],
        "refresh": ["export the table"] * 2 + [None],
    }
)


def test_a_line_a_source_and_how_it_is_refreshed():
    assert source_lines(COUNTS, FILES, datetime.date(2026, 11, 30)) == [
        "source  read on     days  throughput  energy  apart  estimates  errors  warnings  obtained",
        "old     2026-01-31   303        2000       0      0          0       0        12  original",
        "new     2026-11-20    10          10       5      1          0       1         0  secondary copy",
        "",
        "How a source is refreshed",
        "old: not said in its origin.yaml (https://old.example.org)",
        "new: export the table (https://new.example.org)",
        "",
        "A newer file of a source: make new-source NAME=the source FILE=the file",
    ]
