"""The data dictionary says of a column what holds for every method that has it."""

import pandera.polars as pa
from inference_energy.publish.catalogue import BY_NAME
from inference_energy.tables.columns import number, share, text
from inference_energy.tables.dictionary import data_dictionary
from inference_energy.tables.public import PublicTable
from inference_energy.tables.units import FACTOR


def entries(**schemas):
    table = PublicTable(name="t", path="{study}/t.parquet", meaning="", schemas=schemas, named_by=("name",))
    return {entry.column: entry for entry in data_dictionary([table])["t"]}


def test_limits_are_as_wide_as_the_widest_of_the_methods():
    one = {"name": text("name", allowed=["a", "b"]), "factor": number("factor", FACTOR, at_least=1)}
    other = {"name": text("name", allowed=["b", "c"]), "factor": number("factor", FACTOR, at_least=0)}
    found = entries(published=pa.DataFrameSchema(one), nested=pa.DataFrameSchema(other))
    assert found["name"].allowed == ("a", "b", "c")
    assert (found["factor"].minimum, found["factor"].maximum) == (0, None)


def test_a_limit_of_one_method_alone_is_none():
    one = {"name": text("name", allowed=["a"]), "factor": number("factor", FACTOR)}
    other = {"name": text("name"), "factor": number("factor", FACTOR, at_least=None)}
    found = entries(published=pa.DataFrameSchema(one), nested=pa.DataFrameSchema(other))
    assert (found["name"].allowed, found["factor"].minimum) == ((), None)


def test_a_column_of_one_method_alone_is_not_required():
    shared = {"name": text("name"), "share": share("share")}
    found = entries(
        published=pa.DataFrameSchema(shared), nested=pa.DataFrameSchema({name: shared[name] for name in ("name",)})
    )
    assert (found["name"].required, found["share"].required) == (True, False)
    assert (found["share"].minimum, found["share"].maximum) == (0, 1)


def test_study_is_named_first_and_required_where_files_leave_it_out():
    found = entries(published=pa.DataFrameSchema({"name": text("name")}))
    assert list(found) == ["study", "name"]
    assert found["study"].required


def test_key_columns_come_first():
    first = [entry.column for entry in data_dictionary([BY_NAME["throughput"]])["throughput"]][:2]
    assert first == ["source", "row_id"]
