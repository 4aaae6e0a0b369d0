"""The public tables: every result file is one of them, every column means something."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.publish import catalogue
from inference_energy.publish.catalogue import BY_NAME, PUBLIC_TABLES
from inference_energy.tables import public

STUDIES = {"one": "published", "other": "nested"}


@pytest.mark.parametrize("table", PUBLIC_TABLES, ids=lambda table: table.name)
def test_every_column_has_a_meaning(table):
    meanings = table.columns()
    assert meanings and all(meanings.values())
    assert set(table.key()) <= set(meanings)


def test_names_are_unique():
    assert len(BY_NAME) == len(PUBLIC_TABLES)


def test_tables_of_a_study_have_a_file_per_study_of_their_method():
    assert BY_NAME["sweeps"].files(STUDIES) == {"other": "other/sweeps.parquet"}
    assert BY_NAME["energy_per_query"].files(STUDIES) == {
        "one": "one/energy_per_query.parquet",
        "other": "other/energy_per_query.parquet",
    }
    assert BY_NAME["headline"].files(STUDIES) == {"": "headline.csv"}


def test_methods_that_mean_different_things_by_a_column_are_both_named():
    meaning = BY_NAME["scenario_aggregates"].columns()["interventions"]
    assert "method published" in meaning and "method nested" in meaning


def test_reading_puts_studies_below_each_other_and_names_them(tmp_path: Path):
    table = BY_NAME["token_length_quantiles"]
    for study, tokens in (("one", 1.0), ("two", 2.0)):
        (tmp_path / study).mkdir()
        pl.DataFrame({"workload": ["w"], "label": ["W"], "name": ["P5"], "output_tokens": [tokens]}).write_parquet(
            tmp_path / study / "token_length_quantiles.parquet"
        )
    frame = public.read(table, tmp_path, {"one": "published", "two": "published", "three": "nested"})
    assert frame["study"].to_list() == ["one", "two"] and frame["output_tokens"].to_list() == [1.0, 2.0]


def test_a_table_of_every_study_names_its_rows_with_the_study():
    assert BY_NAME["throughput_rows"].key() == ["study", "source", "row_id"]
    assert BY_NAME["throughput_configurations"].key() == ["configuration"]
    assert BY_NAME["energy_density"].key() == []


def write_quantiles(folder: Path, **changes: list) -> None:
    folder.mkdir()
    columns = {"workload": ["w"], "label": ["W"], "name": ["P5"], "output_tokens": [1.0]} | changes
    kept = {name: values for name, values in columns.items() if values}
    pl.DataFrame(kept).write_parquet(folder / "token_length_quantiles.parquet")


def test_columns_come_in_the_order_of_the_key_and_the_schema(tmp_path: Path):
    write_quantiles(tmp_path / "one")
    table = BY_NAME["token_length_quantiles"]
    frame = public.read(table, tmp_path, {"one": "published"})
    assert frame.columns == ["study", "workload", "name", "label", "output_tokens"] == list(table.columns())


def test_missing_column_is_named_with_its_file(tmp_path: Path):
    write_quantiles(tmp_path / "one", label=[])
    with pytest.raises(InputError, match=r"one/token_length_quantiles.parquet: column label: missing; found: name, "):
        public.read(BY_NAME["token_length_quantiles"], tmp_path, {"one": "published"})


def test_unknown_column_is_named_with_the_like(tmp_path: Path):
    write_quantiles(tmp_path / "one", labels=["W"])
    with pytest.raises(InputError, match=r"quantiles.parquet: column labels: unknown; allowed: one of 4 .* label"):
        public.read(BY_NAME["token_length_quantiles"], tmp_path, {"one": "published"})


def test_a_column_of_a_csv_without_values_keeps_its_type(tmp_path: Path):
    table = BY_NAME["headline"]
    row = dict.fromkeys(table.columns(), "") | {"study": "one", "quantity": "q", "computed": "2", "within": "true"}
    (tmp_path / "headline.csv").write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    frame = public.read(table, tmp_path, {})
    assert frame.schema == pl.Schema(table.types())
    assert frame.select("computed", "computed_p05", "within").row(0) == (2.0, None, True)


def test_what_is_not_built_has_no_rows_but_all_columns(tmp_path: Path):
    write_quantiles(tmp_path / "one")
    built = {str(tmp_path / "one/token_length_quantiles.parquet")}
    frames = catalogue.read_built(tmp_path, {"one": "published"}, built)
    assert list(frames) == list(BY_NAME)
    assert {name for name, frame in frames.items() if len(frame)} == {"token_length_quantiles"}
    assert all(frames[name].columns == list(table.columns()) for name, table in BY_NAME.items())
