"""Columns and lengths that tell that a usage file reads a file wrongly."""

import json
from pathlib import Path

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.corpus.names import Names
from inference_energy.statement import model_names
from inference_energy.statement.logs import bills, files as usage_files, telling
from usage_logs import PLACE, metered, write

COLUMNS = {"time": "time", "model": "model", "input_tokens": "in", "output_tokens": "out"}


def row(**values):
    return {"time": "2026-01-01T00:10:00Z", "model": "A", "in": 10, "out": 3} | values


def log(folder, rows, name):
    if name.endswith("jsonl"):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("".join(json.dumps(each) + "\n" for each in rows))
    else:
        write(pl.DataFrame(rows), folder / name)
    return folder


def entry(**keys):
    return {"files": ["*"], "columns": COLUMNS | keys.pop("columns", {})} | keys


NAMES = pytest.mark.parametrize("name", ["log.csv", "log.jsonl", "log.parquet"])


@NAMES
def test_rows_with_many_requests_are_sums(tmp_path, name):
    folder = log(tmp_path / "in", [row(num_model_requests=1), row(num_model_requests=1000)], name)
    with pytest.raises(
        InputError,
        match=r"num_model_requests: found 1,000 requests in a row; .*month: time, requests: num_model_requests",
    ):
        metered(folder, entry())
    folder = log(tmp_path / "one", [row(requests=1)], name)
    assert int(metered(folder, entry())[0]["requests"].sum()) == 1


@NAMES
def test_ids_that_several_rows_have_are_told(tmp_path, name):
    folder = log(tmp_path / "in", [row(request_id="a"), row(request_id="a", out=4), row(request_id="b")], name)
    with pytest.raises(
        InputError, match=r"request_id: found 2 values in 3 rows; .*unique: \{columns: \[request_id\]\}"
    ):
        metered(folder, entry())
    assert int(metered(folder, entry(repeats="keep"))[0]["requests"].sum()) == 3
    assert int(metered(folder, entry(unique={"columns": ["request_id"]}))[0]["requests"].sum()) == 2


@NAMES
def test_cache_writes_without_a_role_are_told(tmp_path, name):
    folder = log(tmp_path / "in", [row(cached=5, cache_creation_input_tokens=900)] * 2, name)
    of = {"columns": {"cached_tokens": "cached"}, "cached_in_input": False}
    with pytest.raises(
        InputError,
        match=r"found 1,800 tokens written to the cache, .*input_tokens: \[in, cache_creation_input_tokens\]",
    ):
        metered(folder, entry(**of))
    of["columns"]["input_tokens"] = ["in", "cache_creation_input_tokens"]
    assert int(metered(folder, entry(**of))[0]["input_tokens"].sum()) == 2 * 915
    # Added to the input already.
    folder = log(tmp_path / "added", [row(**{"in": 910}, cached=5, cache_creation_input_tokens=900)], name)
    assert (
        int(metered(folder, entry(columns={"cached_tokens": "cached"}, cached_in_input=False))[0]["input_tokens"].sum())
        == 915
    )


@NAMES
def test_tokens_read_from_the_cache_without_a_role_are_told(tmp_path, name):
    folder = log(tmp_path / "in", [row(cache_read_input_tokens=900)] * 2, name)
    told = (
        r"found 1,800 tokens read from the cache, .*cached_tokens: cache_read_input_tokens with cached_in_input: false"
    )
    with pytest.raises(InputError, match=told):
        metered(folder, entry())
    of = entry(columns={"cached_tokens": "cache_read_input_tokens"}, cached_in_input=False)
    assert int(metered(folder, of)[0]["input_tokens"].sum()) == 2 * 910
    # Part of the input, and not asked for.
    folder = log(tmp_path / "part", [row(cached_tokens=7, input_uncached_tokens=3)], name)
    assert int(metered(folder, entry())[0]["input_tokens"].sum()) == 10


@NAMES
def test_writes_for_an_hour_have_a_role_if_those_for_minutes_have(tmp_path, name):
    folder = log(tmp_path / "in", [row(cache_write_5m=4, cache_write_1h=2)], name)
    with pytest.raises(
        InputError, match=r"cache_write_1h: found 2 tokens written .*input_tokens: \[in, cache_write_5m, "
    ):
        metered(folder, entry(columns={"input_tokens": ["in", "cache_write_5m"]}))
    of = entry(columns={"input_tokens": ["in", "cache_write_5m", "cache_write_1h"]})
    assert int(metered(folder, of)[0]["input_tokens"].sum()) == 16


def kinds(tokens, model="A"):
    return pl.DataFrame({"source": ["log"], "kind": ["request"], "model": [model], "largest_tokens": [float(tokens)]})


def test_requests_longer_than_their_context_are_sums():
    models, contexts = {"A": "big", "B": "class frontier"}, {"big": 1000, "long": 5000}
    telling.check_lengths(kinds(1000), models, contexts, {"log": {}}, PLACE)
    with pytest.raises(InputError, match=r"logs\.log: found 1,001 tokens of A in one row, more than .*\(1,000\)"):
        telling.check_lengths(kinds(1001), models, contexts, {"log": {}}, PLACE)
    telling.check_lengths(kinds(1001), models, contexts, {"log": {"long_requests": "keep"}}, PLACE)
    # What is no model of the registry has the longest context of all.
    telling.check_lengths(kinds(5000, "B"), models, contexts, {"log": {}}, PLACE)
    with pytest.raises(InputError, match=r"found 5,001 tokens of B"):
        telling.check_lengths(kinds(5001, "B"), models, contexts, {"log": {}}, PLACE)


def test_tokens_without_a_request_are_an_error(tmp_path):
    (tmp_path / "bill.csv").write_text("month,model,n,in,out\n2026-01,A,0,500,100\n")
    columns = {"month": "month", "model": "model", "requests": "n", "input_tokens": "in", "output_tokens": "out"}
    usage = {"folder": str(tmp_path), "bills": {"bill": {"files": ["bill.csv"], "columns": columns, "lengths": "w"}}}
    files = usage_files.files_of(usage, "bills", PLACE)
    with pytest.raises(
        InputError, match=r"bills\.bill: requests: found 0 with 500 prompt and 100 answer tokens of A in 2026-01"
    ):
        bills.billed(files, usage["bills"], place=PLACE, folder=tmp_path)


SUMS = {"input_tokens": [10.0], "output_tokens": [1.0]}
REGISTRY = Names(registry=Path("models.csv"), canonical={"A": "A"})


@pytest.mark.parametrize(
    ("name", "treatment"),
    [
        ("text-embedding-3-small", "not estimated"),
        ("BAAI/bge-m3", "not estimated"),
        ("whisper-large-v3", "not estimated"),
        ("gpt-image-1", "not estimated"),
        ("rerank-v3.5", "not estimated"),
        ("house-7b", "class by default"),
        ("A", "model"),
        ("mine", "left out"),
        ("bge", "class"),
    ],
)
def test_models_of_other_kinds_are_not_taken_for_a_class(name, treatment):
    spec = {"unknown": {"class": "large"}, "names": {"mine": "leave_out", "bge": "large"}}
    sums = pl.DataFrame(SUMS | {"model": [name]})
    found = model_names.resolved(sums, spec, ["large"], REGISTRY, PLACE)
    assert found[name].treatment == treatment
    assert (found[name].name is None) == (treatment in ("not estimated", "left out"))
