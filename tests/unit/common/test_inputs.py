"""Rows of input files: a fault sets its row aside with its place and reason; and where the files come from."""

import csv
import hashlib
import io
import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.csv_files import read_text
from inference_energy.common.errors import InputError
from inference_energy.corpus import origins
from inference_energy.corpus.formats.registry import FORMATS
from inference_energy.corpus.names import Names
from inference_energy.corpus.registry_tables import Model
from inference_energy.corpus.tables import Throughput
from inference_energy.tables import rows as tables_rows
from messages import message_of
from polars.testing import assert_frame_equal

ROOT = Path(__file__).parents[3]
OVIEDO = ROOT / "resources/benchmarks/oviedo"
COLUMNS = list(Throughput.to_schema().columns)
with (OVIEDO / "throughput.csv").open(encoding="utf-8", newline="") as opened:
    ROWS = [dict.fromkeys(COLUMNS, "") | row | {"phase": "prefill_and_decode"} for row in csv.DictReader(opened)]
ANY_TEXT = st.text() | st.floats().map(str) | st.integers().map(str)
KNOWN = {name: Names(Path("list.csv"), {row[name]: row[name] for row in ROWS}) for name in ("model", "gpu")}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.csv"


@pytest.fixture
def source(tmp_path):
    return shutil.copytree(OVIEDO, tmp_path / "oviedo")


def split_with(path, number=None, **cells):
    """The published rows with some cells of one row replaced, written, read and split."""
    rows = [row | cells if index == number else row for index, row in enumerate(ROWS)]
    handle = io.StringIO(newline="")
    writer = csv.writer(handle)
    writer.writerows([COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])
    path.write_text(handle.getvalue(), encoding="utf-8", newline="")
    return tables_rows.split(read_text(path, COLUMNS), Throughput, KNOWN)


# Faults of a row.


def test_published_rows_all_pass(path):
    good, rejected = split_with(path)
    assert len(good) == len(ROWS)
    assert rejected.is_empty()
    assert rejected.schema == pl.Schema(tables_rows.REJECTED)
    Throughput.validate(good.select(COLUMNS))


BAD_CELLS = [
    ("throughput_tok_per_s", "fast", "allowed: a number"),
    ("throughput_tok_per_s", "1,000", "allowed: a number"),
    ("throughput_tok_per_s", "0", "allowed: > 0"),
    ("throughput_tok_per_s", "-5", "allowed: > 0"),
    ("throughput_tok_per_s", "", "allowed: a value, not an empty cell"),
    ("throughput_tok_per_s", "nan", "allowed: "),
    ("throughput_tok_per_s", "inf", "allowed: "),
    ("throughput_tok_per_s", "-inf", "allowed: "),
    ("throughput_tok_per_s", "1e999", "allowed: "),
    ("concurrency", "nan", "allowed: "),
    ("concurrency", "inf", "allowed: a finite number"),
    ("input_tokens", "0", "allowed: >= 1"),
    ("gpus", "8.5", "allowed: a whole number"),
    ("gpus", "many", "allowed: a whole number"),
    ("gpus", "99999999999999999999", "allowed: a whole number"),
    ("gpus", "0", "allowed: >= 1"),
    ("gpus", "100001", "allowed: <= 100000"),
    ("gpus", "true", "allowed: a whole number"),
    ("model", "Nope 1B", "allowed: a name or alias in list.csv"),
    (
        "model",
        "Lama 3.1 405B",
        "allowed: a name or alias in list.csv: one of 6 names, such as Llama 3.1 405B or Llama 3.1 70B",
    ),
    ("model", "", "allowed: a value, not an empty cell"),
    ("gpu", "Abacus", "allowed: a name or alias in list.csv"),
    ("row_id", "", "allowed: a value, not an empty cell"),
    ("row_id", "0 1", "allowed: a name without blanks"),
    ("precision", "FP7", "allowed: one of "),
    ("precision", "", "allowed: a value, not an empty cell"),
    ("throughput_counts", "outputs", "allowed: one of "),
    ("throughput_scope", "server", "allowed: one of "),
    ("phase", "", "allowed: a value, not an empty cell"),
    ("published_on", "May 2025", "allowed: a date such as "),
    ("url", "example.org", "allowed: an address that begins with http:// or https://"),
    ("url", "", "allowed: a value, not an empty cell"),
]


@pytest.mark.parametrize(("column", "value", "reason"), BAD_CELLS)
def test_bad_cell_sets_its_row_aside(path, column, value, reason):
    everything, _ = split_with(path)
    good, rejected = split_with(path, 2, **{column: value})
    assert rejected.drop("reason").rows() == [(str(path), 4, column, value)]
    assert rejected["reason"].item().startswith(reason)
    assert_frame_equal(good, everything.filter(pl.col("line") != 4), check_exact=True)


def test_every_row_that_bears_a_doubled_row_id_is_set_aside(path):
    everything, _ = split_with(path)
    good, rejected = split_with(path, 2, row_id=ROWS[0]["row_id"])
    assert rejected.rows() == [
        (str(path), line, "row_id", "01", "allowed: a value that no other row has") for line in (2, 4)
    ]
    assert_frame_equal(good, everything.filter(~pl.col("line").is_in([2, 4])), check_exact=True)


def test_every_fault_of_a_row_is_told_once(path):
    _, rejected = split_with(path, 2, gpus="x", throughput_tok_per_s="inf", url="", model="Nope")
    assert rejected["column"].to_list() == ["gpus", "model", "throughput_tok_per_s", "url"]
    assert rejected["line"].unique().to_list() == [4]


def test_first_fault_in_one_line_with_the_count_of_the_others(path):
    _, rejected = split_with(path, 2, gpus="x\ny", url="")
    message = message_of(tables_rows.must_be_empty, rejected, "; hint")
    assert message.startswith(f"{path} line 4 column gpus: found 'x\\ny'; allowed: a whole number (1 more")
    assert message.endswith("; hint")


def test_no_fault_no_error(path):
    tables_rows.must_be_empty(split_with(path)[1])


def test_alias_becomes_the_name_used_throughout(path):
    known = {"model": Names(Path("list.csv"), {row["model"]: row["model"].upper() for row in ROWS})}
    text, _ = split_with(path)
    good, rejected = tables_rows.split(text.cast(pl.String).cast({"line": pl.Int64}), Throughput, known)
    assert rejected.is_empty()
    assert good["model"].to_list() == [row["model"].upper() for row in ROWS]


@pytest.mark.slow
@settings(max_examples=20)
@given(number=st.integers(0, len(ROWS) - 1), column=st.sampled_from(COLUMNS), value=ANY_TEXT)
def test_any_text_in_any_cell_is_accepted_as_valid_or_set_aside(path, number, column, value):
    try:
        good, rejected = split_with(path, number, **{column: value})
    except InputError as error:
        assert len(str(error).splitlines()) == 1
        return
    Throughput.validate(good.select(COLUMNS))
    assert len(good) + rejected["line"].n_unique() == len(ROWS)
    assert all(len(tables_rows.one_line(fault).splitlines()) == 1 for fault in rejected.iter_rows(named=True))


def test_checked_gives_the_frame_back_or_one_line():
    frame = pl.DataFrame({"model": ["a"]})
    message = message_of(tables_rows.checked, frame, Model, "models.csv")
    assert message.startswith("models.csv: ")


# Origins.


def test_origin_of_the_published_rows(source, origin_schema):
    origin = origins.read_origin(source, origin_schema, FORMATS)
    assert list(origin["files"]) == ["throughput.csv"]
    table = origins.source_table(source.parent, {"oviedo": origin})
    assert table.select("source", "file", "sha256").rows() == [
        ("oviedo", str(source / "throughput.csv"), hashlib.sha256((source / "throughput.csv").read_bytes()).hexdigest())
    ]


def test_file_with_another_sha256(source, origin_schema):
    file = source / "throughput.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    message = message_of(origins.read_origin, source, origin_schema, FORMATS)
    assert message.startswith(f"{file}: found sha256 {origins.sha256(file)}; {source / 'origin.yaml'} says e76594ff")


def test_file_that_the_origin_does_not_name(source, origin_schema):
    (source / "more.csv").write_text("a\n1\n")
    message = message_of(origins.read_origin, source, origin_schema, FORMATS)
    assert message == f"{source / 'more.csv'}: not named in {source / 'origin.yaml'}; allowed: throughput.csv"


def test_missing_data_file(source, origin_schema):
    (source / "throughput.csv").unlink()
    message = message_of(origins.read_origin, source, origin_schema, FORMATS)
    assert message == f"{source / 'origin.yaml'}: files.throughput.csv: no such file; present: (nothing)"


def test_missing_origin(source, origin_schema):
    (source / "origin.yaml").unlink()
    assert message_of(origins.read_origin, source, origin_schema, FORMATS) == f"{source / 'origin.yaml'}: no such file"


def test_fault_of_an_origin_names_its_key(source, origin_schema):
    path = source / "origin.yaml"
    path.write_text(path.read_text().replace("licence: MIT", "licence: ''"))
    message = message_of(origins.read_origin, source, origin_schema, FORMATS)
    assert message == f"{path}: licence: found ''; allowed: text that is not empty"
