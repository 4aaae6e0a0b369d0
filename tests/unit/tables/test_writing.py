"""Tables are written whole, checked, in the order of their columns; or nothing is written."""

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.tables import writing
from inference_energy.tables.columns import number, table, texts

SCHEMA = table(["name"], **texts(name="name"), speed=number("how fast", "tok/s"))
FRAME = pl.DataFrame({"speed": [1.23456789012, 2.0], "name": ["a", "b"], "more": [1, 2]})


def test_all_tables_of_a_job(tmp_path):
    outputs = {"one": str(tmp_path / "one.csv"), "other": str(tmp_path / "new/other.parquet")}
    writing.write_all(outputs, one=(FRAME, SCHEMA), other=(FRAME.head(1), SCHEMA))
    assert (tmp_path / "one.csv").read_text() == "name,speed\na,1.23456789\nb,2.0\n"
    assert pl.read_parquet(outputs["other"]).to_dict(as_series=False) == {"name": ["a"], "speed": [1.23456789]}
    assert {path.name for path in tmp_path.rglob("*")} == {"one.csv", "new", "other.parquet"}


def test_one_bad_table_leaves_all_as_they_were(tmp_path):
    outputs = {name: str(tmp_path / f"{name}.csv") for name in ("one", "other")}
    writing.write_all(outputs, one=(FRAME, SCHEMA), other=(FRAME, SCHEMA))
    bad = FRAME.with_columns(speed=-pl.col("speed"))
    with pytest.raises(InputError, match=r"other.csv: column speed: found .*; allowed: >= 0$"):
        writing.write_all(outputs, one=(FRAME.head(1), SCHEMA), other=(bad, SCHEMA))
    assert all((tmp_path / f"{name}.csv").read_text().count("\n") == 3 for name in outputs)


def test_a_column_that_is_missing_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"one.csv: column "):
        writing.write_all({"one": str(tmp_path / "one.csv")}, one=(FRAME.drop("speed"), SCHEMA))
    assert list(tmp_path.iterdir()) == []


def test_a_single_table_has_exactly_the_columns_of_its_schema(tmp_path):
    with pytest.raises(InputError, match=r"one.csv: column "):
        writing.write(FRAME, str(tmp_path / "one.csv"), SCHEMA)
    writing.write(FRAME.drop("more"), str(tmp_path / "one.csv"), SCHEMA)
    assert (tmp_path / "one.csv").read_text().startswith("speed,name\n")
