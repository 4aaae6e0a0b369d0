"""The list of tables in results/README.md is that of the catalogue; notes by hand stay as they are."""

from pathlib import Path

from inference_energy.publish import catalogue, documented, readme
from inference_energy.statement.tables import TABLES
from inference_energy.tables.columns import table, texts
from inference_energy.tables.public import PublicTable

SCHEMA = table(["name"], **texts(name="name"))
BY_HAND = [
    PublicTable(name="one", path="one.csv", meaning="One thing", schemas={"": SCHEMA}),
    PublicTable(name="other", path="{study}/other.parquet", meaning="Another", schemas={"nested": SCHEMA}),
]


def test_committed_file_lists_every_table_of_the_catalogue():
    text = (Path(__file__).parents[3] / readme.TABLES_OF).read_text(encoding="utf-8")
    lines = readme.table_lines([*catalogue.PUBLIC_TABLES, *TABLES.values()])
    assert text == documented.filled(text, readme.TABLES_OF, {"tables": lines}), "out of date: run `make readme`"


def test_by_hand():
    assert readme.table_lines(BY_HAND) == [
        "| table | file | one row is |",
        "|---|---|---|",
        "| `one` | `one.csv` | One thing |",
        "| `other` | `<study>/other.parquet` | Another (studies of method `nested`) |",
    ]
