"""The list of tables in results/README.md is that of the catalogue; notes by hand stay as they are."""

from pathlib import Path

import pytest
from inference_energy.common.errors import InputError
from inference_energy.publish import catalogue, readme
from inference_energy.statement.tables import TABLES
from inference_energy.tables.columns import table, texts
from inference_energy.tables.public import PublicTable

SCHEMA = table(["name"], **texts(name="name"))
BY_HAND = [
    PublicTable(name="one", path="one.csv", meaning="One thing", schemas={"": SCHEMA}),
    PublicTable(name="other", path="{study}/other.parquet", meaning="Another", schemas={"nested": SCHEMA}),
]


def test_committed_file_lists_every_table_of_the_catalogue():
    text = (Path(__file__).parents[3] / "results/README.md").read_text(encoding="utf-8")
    written = readme.with_tables(text, [*catalogue.PUBLIC_TABLES, *TABLES.values()])
    assert text == written, "results/README.md is out of date: run `make readme`"


def test_by_hand():
    text = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    written = readme.with_tables(text, BY_HAND)
    assert written == (
        f"before\n{readme.BEGIN}\n| table | file | one row is |\n|---|---|---|\n| `one` | `one.csv` | One thing |\n"
        f"| `other` | `<study>/other.parquet` | Another (studies of method `nested`) |\n{readme.END}\nafter\n"
    )
    assert readme.with_tables(written, BY_HAND) == written


@pytest.mark.parametrize("mark", [readme.BEGIN, readme.END])
def test_a_missing_mark_is_reported(mark):
    text = f"{readme.BEGIN}\n{readme.END}\n".replace(mark, "")
    with pytest.raises(InputError, match=r"^results/README.md: found no line "):
        readme.with_tables(text, BY_HAND)
