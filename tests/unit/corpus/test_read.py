"""Sources into tables: facts fill what cells leave open, and no faulty file or row gets in."""

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.corpus.names import Names
from inference_energy.corpus.read import read_sources
from inference_energy.corpus.tables import ACCEPTED, TABLES
from messages import message_of
from mlenergy_files import PAGE, RUN

KNOWN = {
    "model": Names(Path("models.csv"), {"Big 300B": "Big 300B", "lab/big": "Big 300B", "maker/Tiny 8B": "Tiny 8B"}),
    "gpu": Names(Path("hardware.csv"), {"H100 SXM": "H100 SXM", "H100": "H100 SXM"}),
}
ORIGIN = {
    "publisher": "Lab",
    "title": "Rows",
    "url": "https://example.org/origin",
    "version": "1",
    "read_on": "2026-01-31",
    "licence": "CC-BY-4.0",
    "citation": "Lab 2026",
}
RUNS = [
    {
        "row_id": name,
        "model": "Big 300B",
        "gpu": "H100",
        "gpus": "8",
        "nodes": "1",
        "tensor_parallel": "8",
        "engine": "vLLM",
        "precision": "FP8",
        "load": "offline",
        "phase": "prefill_and_decode",
        "input_tokens": "500",
        "input_length_kind": "fixed",
        "output_tokens": "100",
        "output_length_kind": "mean",
        "concurrency": "32",
        "throughput_tok_per_s": "1600",
        "throughput_counts": "output",
        "throughput_scope": "instance",
        "evidence": "measured",
        "published_on": "2025-06-30",
        "confidence": "high",
        "url": "https://example.org/row",
        "stated_total_parameters_billions": "300",
        "note": "cité",
    }
    for name in ("r1", "r2", "r3")
]
ENERGIES = [
    {
        "row_id": name,
        "boundary": "gpu_boards",
        "metered": "all_gpus",
        "includes_prefill": "yes",
        "energy_j_per_output_token": "3.5",
        "power_w": "5600",
        "duration_s": "60",
    }
    for name in ("r1", "r2", "r3")
]
ESTIMATES = [
    {
        "row_id": name,
        "subject": "Big",
        "model": "lab/big",
        "energy_wh": "0.3",
        "input_tokens": "500",
        "query": "médian prompt",
        "boundary": "node",
        "published_on": "2025",
        "kind": "throughput_based",
        "citation": "Lab",
        "url": "https://example.org/row",
    }
    for name in ("r1", "r2", "r3")
]
VALID = {"throughput": RUNS, "measured_energy": ENERGIES, "published_estimate": ESTIMATES}


def as_csv(rows):
    handle = io.StringIO(newline="")
    writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return handle.getvalue().encode()


def write_source(folder, files, **origin):
    """A source whose files are given as {name: (format, content, facts)}, with a fitting origin."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name, (form, content, facts) in files.items():
        (folder / name).write_bytes(content)
        entries[name] = {"sha256": hashlib.sha256(content).hexdigest(), "format": form} | (
            {"facts": facts} if facts else {}
        )
    (folder / "origin.yaml").write_text(yaml.safe_dump(ORIGIN | {"files": entries} | origin), encoding="utf-8")


@pytest.fixture
def read(tmp_path, origin_schema):
    def read(content=None, table="throughput", facts=None, runs=None):
        """All tables of one source, whose runs are valid unless they are the content, or given."""
        files = {f"{table}.csv": (f"{table}_csv", as_csv(VALID[table]) if content is None else content, facts)}
        if table == "measured_energy":
            files["runs.csv"] = ("throughput_csv", runs or as_csv(RUNS), None)
        write_source(tmp_path / "lab", files)
        return read_sources(tmp_path, origin_schema, KNOWN)

    return read


@pytest.fixture
def refuse(tmp_path, origin_schema):
    return lambda: message_of(read_sources, tmp_path, origin_schema, KNOWN)


def with_cells(table, number, **cells):
    return [row | cells if index == number else row for index, row in enumerate(VALID[table])]


def without(rows, *columns):
    return [{name: cell for name, cell in row.items() if name not in columns} for row in rows]


# What comes in.


@pytest.mark.parametrize("table", TABLES)
def test_valid_rows_pass_and_are_what_the_schema_says(read, table):
    tables = read(table=table)
    assert tables[table]["row_id"].to_list() == ["r1", "r2", "r3"]
    assert tables[table]["line"].to_list() == [2, 3, 4]
    assert tables["rejected_row"].is_empty()
    ACCEPTED[table].validate(tables[table])


def test_place_licence_and_date_are_carried(read, tmp_path):
    row = read()["throughput"].row(1, named=True)
    place = {"source": "lab", "file": str(tmp_path / "lab/throughput.csv"), "line": 3}
    assert row.items() >= (place | {"read_on": "2026-01-31", "licence": "CC-BY-4.0"}).items()


@pytest.mark.parametrize(
    ("table", "column", "name"), [("throughput", "gpu", "H100 SXM"), ("published_estimate", "model", "Big 300B")]
)
def test_aliases_become_names(read, table, column, name):
    assert set(read(table=table)[table][column]) == {name}


def test_throughput_per_gpu_is_derived(read):
    assert read()["throughput"]["output_tok_per_s_per_gpu"].to_list() == [200.0] * 3  # 1600 on 8


def test_a_fact_fills_empty_cells_and_overrules_others_which_the_row_says(read):
    rows = with_cells("throughput", 1, engine="")
    found = read(as_csv(rows), facts={"engine": "SGLang", "engine_version": 0.5, "gpus": 4})["throughput"]
    assert found["engine"].to_list() == ["SGLang"] * 3
    assert found["engine_version"].to_list() == ["0.5"] * 3
    assert found["gpus"].to_list() == [4] * 3
    assert found["overruled"].to_list() == ["engine vLLM; gpus 8", "gpus 8", "engine vLLM; gpus 8"]


def test_a_fact_that_says_the_same_overrules_nothing(read):
    found = read(facts={"engine": "vLLM", "gpus": 8})["throughput"]
    assert found["overruled"].to_list() == [None] * 3


def test_a_row_keeps_the_names_as_they_stood(read):
    found = read(as_csv(with_cells("throughput", 1, model="Lab/Big-FP8", gpu="nvidia h100")))["throughput"]
    assert found["model"].to_list() == ["Big 300B"] * 3
    assert found["stated_model"].to_list() == ["Big 300B", "Lab/Big-FP8", "Big 300B"]
    assert found["stated_gpu"].to_list() == ["H100", "nvidia h100", "H100"]


def test_a_precision_in_the_name_of_a_model_fills_an_empty_cell_only(read):
    rows = with_cells("throughput", 0, model="lab/big-nvfp4", precision="")
    rows[1] = rows[1] | {"model": "lab/big-nvfp4"}
    assert read(as_csv(rows))["throughput"]["precision"].to_list() == ["FP4", "FP8", "FP8"]


def test_energy_of_one_gpu_becomes_that_of_all(read):
    rows = with_cells("measured_energy", 1, metered="one_gpu", power_w="700", energy_j_per_output_token="0.4375")
    found = read(as_csv(rows), "measured_energy")["measured_energy"]
    assert found["power_w"].to_list() == [5600, 5600, 5600]
    assert found["energy_j_per_output_token"].to_list() == [3.5, 3.5, 3.5]


def test_address_of_the_origin_stands_in_for_a_missing_one(read):
    assert read(as_csv(with_cells("throughput", 1, url="")))["throughput"]["url"].to_list() == [
        "https://example.org/row",
        "https://example.org/origin",
        "https://example.org/row",
    ]
    tables = read(as_csv(without(RUNS, "url")), facts={"url": "https://example.org/file"})
    assert set(tables["throughput"]["url"]) == {"https://example.org/file"}


def test_address_and_date_of_a_measured_energy_are_those_of_its_run(read):
    row = read(table="measured_energy")["measured_energy"].row(0, named=True)
    expected = {"url": "https://example.org/row", "published_on": "2025-06-30", "gpus": 8, "gpu": "H100 SXM"}
    assert row.items() >= (expected | {"energy_j_per_output_token": 3.5, "output_tok_per_s_per_gpu": 200.0}).items()
    assert Path(row["file"]).name == "measured_energy.csv"


@pytest.mark.parametrize(
    ("table", "columns"),
    [("throughput", ("model",)), ("throughput", ("precision", "load")), ("measured_energy", ("boundary",))],
)
def test_required_column_that_is_nowhere_is_a_fault_of_the_file(read, table, columns):
    message = message_of(read, as_csv(without(VALID[table], *columns)), table)
    assert f"{table}.csv: nothing in {' or '.join(sorted(columns))}; allowed: a column with values, or one " in message
    assert f"origin.yaml under files.{table}.csv.facts" in message


def test_required_column_without_any_value_is_a_fault_of_the_file(read):
    rows = [row | {"evidence": " "} for row in RUNS]
    assert "nothing in evidence" in message_of(read, as_csv(rows))
    assert len(read(as_csv(rows), facts={"evidence": "measured"})["throughput"]) == 3


def test_every_column_but_the_row_id_may_be_a_fact(read):
    facts = {name: cell for name, cell in RUNS[0].items() if name != "row_id"}
    tables = read(b"row_id\na\nb\n", facts=facts)
    assert tables["throughput"].select("row_id", "gpus", "throughput_tok_per_s").rows() == [
        ("a", 8, 1600),
        ("b", 8, 1600),
    ]


def test_bad_fact_rejects_the_rows_it_fills(read):
    tables = read(as_csv(with_cells("throughput", 1, load="")), facts={"load": "sometimes"})
    assert tables["rejected_row"].select("line", "column", "value").rows() == [
        (line, "load", "sometimes") for line in (2, 3, 4)
    ]


def test_tables_without_rows_keep_their_types(read):
    tables = read()
    for name in ("measured_energy", "published_estimate"):
        assert tables[name].is_empty()
        ACCEPTED[name].validate(tables[name])


# What stays out.


def test_fault_of_a_row_is_told_with_source_file_line_column_value_and_reason(read, tmp_path):
    tables = read(as_csv(with_cells("throughput", 1, gpus="eight", load="often")))
    place = ("lab", str(tmp_path / "lab/throughput.csv"), 3)
    rejected = tables["rejected_row"].select("source", "file", "line", "column", "value", "reason").rows()
    assert rejected[0] == (*place, "gpus", "eight", "allowed: a whole number")
    assert rejected[1][:-1] == (*place, "load", "often")
    assert rejected[1][-1].startswith("allowed: one of ")
    counts = tables["source"].select("rows_accepted", "rows_rejected", "records_left_out").rows()
    assert counts == [(2, 1, 0)]  # two faults, one row


@pytest.mark.parametrize(
    ("scope", "column", "allowed"),
    [
        ("instance", "gpus", "allowed: a number, as the throughput is not that of one GPU"),
        ("node", "gpus", "allowed: a number, as the throughput is not that of one GPU"),
        ("node", "nodes", "allowed: a number, as the throughput is that of one node"),
    ],
)
def test_throughput_of_several_gpus_needs_their_number(read, scope, column, allowed):
    tables = read(as_csv(with_cells("throughput", 0, throughput_scope=scope, **{column: ""})))
    fault = tables["rejected_row"].filter(line=2)
    assert fault.select("column", "value", "reason").rows() == [(column, "", allowed)]


def test_throughput_of_one_gpu_needs_no_number(read):
    tables = read(as_csv(with_cells("throughput", 0, throughput_scope="gpu", gpus="", nodes="")))
    assert tables["rejected_row"].is_empty()


def test_rows_are_counted_per_file(tmp_path, origin_schema):
    first, second = (
        as_csv(RUNS),
        as_csv([row | {"row_id": f"x{row['row_id']}"} for row in with_cells("throughput", 0, gpus="?")]),
    )
    write_source(
        tmp_path / "lab", {"a.csv": ("throughput_csv", first, None), "b.csv": ("throughput_csv", second, None)}
    )
    write_source(tmp_path / "other", {"a.csv": ("throughput_csv", first, None)})
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    counts = tables["source"].select("source", "file", "rows_accepted", "rows_rejected").rows()
    assert [(source, Path(file).name, *rest) for source, file, *rest in counts] == [
        ("lab", "a.csv", 3, 0),
        ("lab", "b.csv", 2, 1),
        ("other", "a.csv", 3, 0),
    ]


def test_measured_energy_without_its_run_is_rejected(read):
    tables = read(as_csv(with_cells("measured_energy", 2, row_id="r9")), "measured_energy")
    assert tables["measured_energy"]["row_id"].to_list() == ["r1", "r2"]
    assert tables["rejected_row"].select("line", "column", "value", "reason").rows() == [
        (4, "row_id", "r9", "allowed: the row_id of an accepted throughput row of the same source")
    ]
    assert dict(tables["source"].select("format", "rows_rejected").rows())["measured_energy_csv"] == 1


def test_measured_energy_of_a_rejected_run_is_rejected(tmp_path, origin_schema):
    runs, energies = as_csv(with_cells("throughput", 0, gpus="?")), as_csv(ENERGIES)
    files = {"e.csv": ("measured_energy_csv", energies, None), "t.csv": ("throughput_csv", runs, None)}
    write_source(tmp_path / "lab", files)
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert tables["measured_energy"]["row_id"].to_list() == tables["throughput"]["row_id"].to_list() == ["r2", "r3"]
    assert sorted(tables["rejected_row"]["column"]) == ["gpus", "row_id"]


def test_run_of_another_source_is_not_the_run_of_a_measured_energy(tmp_path, origin_schema):
    write_source(tmp_path / "one", {"e.csv": ("measured_energy_csv", as_csv(ENERGIES), None)})
    write_source(tmp_path / "two", {"t.csv": ("throughput_csv", as_csv(RUNS), None)})
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert tables["measured_energy"].is_empty()
    assert tables["rejected_row"]["source"].to_list() == ["one"] * 3


def test_row_id_in_two_files_of_a_source_is_rejected_in_both(tmp_path, origin_schema):
    files = {name: ("throughput_csv", as_csv(rows), None) for name, rows in (("a.csv", RUNS[:2]), ("b.csv", RUNS[1:]))}
    write_source(tmp_path / "lab", files)
    write_source(tmp_path / "other", {"a.csv": files["a.csv"]})  # another source may use the same names
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert tables["throughput"].select("source", "row_id").rows() == [
        ("lab", "r1"),
        ("lab", "r3"),
        ("other", "r1"),
        ("other", "r2"),
    ]
    rejected = tables["rejected_row"].select("file", "line", "value").rows()
    assert [(Path(file).name, *rest) for file, *rest in rejected] == [("a.csv", 3, "r2"), ("b.csv", 2, "r2")]


def test_records_out_of_scope_are_counted(tmp_path, origin_schema):
    image = json.dumps(PAGE | {"task": "image-chat", "configurations": [RUN, RUN]}).encode()
    write_source(
        tmp_path / "lab", {"i.json": ("mlenergy_v3_json", image, None), "t.csv": ("throughput_csv", as_csv(RUNS), None)}
    )
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert tables["left_out"].rows() == [("lab", str(tmp_path / "lab/i.json"), "task image-chat is not text", 2)]
    assert tables["source"]["records_left_out"].to_list() == [2, 0]


MARKDOWN = b"""# Big 300B
All values are `output tokens per second per GPU`.

| Sequence Length (ISL/OSL) | H100<br/>TP8 (FP8) | Abacus<br/>TP8 (FP8) |
|---|---|---|
| 1000/500 | 200 | 100 |
| 2000/500 | 150 | 50 |
"""


def test_faulty_cell_of_a_table_leaves_its_neighbours_in_the_same_line_alone(tmp_path, origin_schema):
    write_source(tmp_path / "lab", {"t.md": ("trtllm_markdown", MARKDOWN, {"published_on": "2025"})})
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert tables["throughput"].select("gpu", "line", "throughput_tok_per_s").sort("line").rows() == [
        ("H100 SXM", 6, 200),
        ("H100 SXM", 7, 150),
    ]
    assert tables["rejected_row"].select("line", "column", "value").sort("line").rows() == [
        (6, "gpu", "Abacus"),
        (7, "gpu", "Abacus"),
    ]
    assert tables["source"].select("rows_accepted", "rows_rejected").rows() == [(2, 2)]


def test_faults_of_two_cells_in_the_same_line_are_both_told(tmp_path, origin_schema):
    content = MARKDOWN.replace(b"H100", b"Slide rule")
    write_source(tmp_path / "lab", {"t.md": ("trtllm_markdown", content, {"published_on": "2025"})})
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert sorted(tables["rejected_row"].select("line", "value").rows()) == [
        (6, "Abacus"),
        (6, "Slide rule"),
        (7, "Abacus"),
        (7, "Slide rule"),
    ]
    assert tables["source"]["rows_rejected"].to_list() == [4]


def test_facts_of_a_file_of_two_tables_go_to_the_table_that_has_the_column(tmp_path, origin_schema):
    facts = {"published_on": "2026", "evidence": "measured", "confidence": "high"}  # of the throughput rows
    facts |= {"engine_version": "0.9", "idle_power_w": 100}
    write_source(tmp_path / "lab", {"t.json": ("mlenergy_v3_json", json.dumps(PAGE, indent=1).encode(), facts)})
    tables = read_sources(tmp_path, origin_schema, KNOWN)
    assert tables["throughput"]["engine_version"].to_list() == ["0.9"]
    assert tables["measured_energy"]["idle_power_w"].to_list() == [100]


# Origins.


def test_a_long_text_sets_its_row_aside_and_is_cut(read):
    tables = read(as_csv(with_cells("throughput", 1, note="x" * 40_000)))
    assert tables["throughput"]["row_id"].to_list() == ["r1", "r3"]
    rejected = tables["rejected_row"].row(0, named=True)
    assert (rejected["column"], rejected["reason"]) == ("note", "allowed: at most 10,000 characters")
    assert len(rejected["value"]) == 10_000


def test_a_file_that_is_a_link_out_of_its_folder(read, tmp_path, refuse):
    read()
    rows = tmp_path / "lab/throughput.csv"
    rows.rename(tmp_path / "elsewhere")
    rows.symlink_to("../elsewhere")
    assert refuse() == f"{rows}: found a link to ../elsewhere; allowed: a file in this folder"


def test_no_source(tmp_path, refuse):
    assert refuse().startswith(f"{tmp_path}: found no source")


def test_folder_without_origin(tmp_path, refuse):
    (tmp_path / "lab").mkdir()
    assert refuse() == f"{tmp_path / 'lab/origin.yaml'}: no such file"


def edit_origin(tmp_path, **changes):
    write_source(tmp_path / "lab", {"t.csv": ("throughput_csv", as_csv(RUNS), None)})
    path = tmp_path / "lab/origin.yaml"
    origin = yaml.safe_load(path.read_text()) | changes
    path.write_text(yaml.safe_dump({key: value for key, value in origin.items() if value is not None}))
    return path


def file_entry(**changes):
    return {"t.csv": {"sha256": hashlib.sha256(as_csv(RUNS)).hexdigest(), "format": "throughput_csv"} | changes}


ORIGIN_FAULTS = {
    "no licence": ({"licence": None}, "missing key licence"),
    "no citation": ({"citation": None}, "missing key citation"),
    "no files": ({"files": {}}, "files: found {}; allowed: at least 1 key(s)"),
    "unknown key": ({"author": "me"}, "unknown key author"),
    "bad date": ({"read_on": "31.1.2026"}, "read_on: found '31.1.2026'"),
    "date and line break": ({"read_on": "2026-01-31\n"}, "read_on: found "),
    "bad address": ({"url": "example.org"}, "url: found 'example.org'"),
    "missing file": ({"files": file_entry() | {"u.csv": file_entry()["t.csv"]}}, "files.u.csv: no such file"),
    "extra file": ({"files": {"u.csv": file_entry()["t.csv"]}}, "t.csv: not named in "),
    "wrong sha256": ({"files": file_entry(sha256="0" * 64)}, "t.csv: found sha256 "),
    "no sha256": ({"files": file_entry(sha256="abc")}, "files.t.csv.sha256: found 'abc'"),
    "unknown format": ({"files": file_entry(format="xlsx")}, "files.t.csv.format: found 'xlsx'; allowed: "),
    "file outside": ({"files": {"../t.csv": file_entry()["t.csv"]}}, "files"),
    "fact is a list": ({"files": file_entry(facts={"engine": ["a"]})}, "files.t.csv.facts.engine: found ['a']"),
    "fact is a truth value": ({"files": file_entry(facts={"note": True})}, "files.t.csv.facts.note: found True"),
    "fact is empty": ({"files": file_entry(facts={"note": None})}, "files.t.csv.facts.note: found None"),
    "unknown fact": ({"files": file_entry(facts={"presicion": "FP8"})}, "presicion"),
    "fact of another table": ({"files": file_entry(facts={"boundary": "node_wall"})}, "boundary"),
}


@pytest.mark.parametrize("fault", ORIGIN_FAULTS)
def test_fault_of_an_origin(tmp_path, refuse, fault):
    changes, expected = ORIGIN_FAULTS[fault]
    edit_origin(tmp_path, **changes)
    message = refuse()
    assert message.startswith(str(tmp_path / "lab"))
    assert expected in message


# Single faulty cells: (table, column, value). The row of that cell, and no other, is set aside.

BAD_NUMBERS = [
    "fast",
    "1600,5",
    "1,600",
    "1 600",
    "1_600",
    "1600 tok/s",
    "~1600",
    "1600?",
    "1e",
    "0x10",
    "true",
    "-",
    "N/A",
    "null",
    "#REF!",
    "\uff11\uff16\uff10\uff10",
    "1e400",
    "-1e400",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "-1600",
    "0",
    "-0.0",
    "1e10",
]
BAD_CELLS = [
    *(("throughput", "throughput_tok_per_s", value) for value in BAD_NUMBERS),
    ("throughput", "throughput_tok_per_s", ""),
    *(
        ("throughput", "gpus", value)
        for value in ("8.5", "8 GPUs", "8x", "0", "-8", "1e400", "nan", "yes", "100001", "99999999999999999999")
    ),
    ("throughput", "nodes", "one"),
    ("throughput", "tensor_parallel", "TP8"),
    ("throughput", "input_tokens", "0"),
    ("throughput", "input_tokens", "2k"),
    ("throughput", "output_tokens", "0.5"),
    ("throughput", "output_tokens", "inf"),
    ("throughput", "concurrency", "nan"),
    ("throughput", "concurrency", "0"),
    ("throughput", "stated_total_parameters_billions", "300B"),
    ("throughput", "precision", "fp8"),
    ("throughput", "precision", "FP8 (E4M3)"),
    ("throughput", "precision", "FP8\x07"),
    ("throughput", "precision", "FP\u200b8"),
    ("throughput", "load", "Offline"),
    ("throughput", "load", ""),
    ("throughput", "phase", "both"),
    ("throughput", "input_length_kind", "max"),
    ("throughput", "output_length_kind", ""),
    ("throughput", "throughput_counts", "all"),
    ("throughput", "throughput_counts", "Output"),
    ("throughput", "throughput_scope", "server"),
    ("throughput", "throughput_scope", "per gpu"),
    ("throughput", "throughput_scope", "instances"),
    ("throughput", "throughput_scope", "node\nnode"),
    ("throughput", "evidence", "guess"),
    ("throughput", "confidence", "1"),
    *(
        ("throughput", "published_on", value)
        for value in (
            "30.06.2025",
            "06/30/2025",
            "2025-6",
            "2025-06-30T00:00",
            "25",
            "June 2025",
            "2025-06-30 x",
            "2025-13",
            "2025-02-32",
            "2025-00",
            "\uff12\uff10\uff12\uff15",
            "",
        )
    ),
    ("throughput", "url", "example.org"),
    ("throughput", "url", "https://"),
    ("throughput", "url", "ftp://example.org"),
    ("throughput", "model", "Biggest"),
    ("throughput", "model", "bigger 300b"),
    ("throughput", "model", "Big 300B\x00"),
    ("throughput", "model", ""),
    ("throughput", "gpu", "Abacus"),
    ("throughput", "row_id", "r 2"),
    ("throughput", "row_id", ""),
    ("throughput", "row_id", "r\t2"),
    ("throughput", "row_id", "r\x002"),
    ("measured_energy", "energy_j_per_output_token", ""),
    ("measured_energy", "energy_j_per_output_token", "0"),
    ("measured_energy", "energy_j_per_output_token", "-3.5"),
    ("measured_energy", "energy_j_per_output_token", "3,5"),
    ("measured_energy", "energy_j_per_output_token", "3.5 J"),
    ("measured_energy", "energy_j_per_output_token", "1e8"),
    ("measured_energy", "power_w", "11 kW"),
    ("measured_energy", "power_w", "5.600,0"),
    ("measured_energy", "power_w", "inf"),
    ("measured_energy", "duration_s", "00:01:00"),
    ("measured_energy", "duration_s", "0"),
    ("measured_energy", "boundary", "rack"),
    ("measured_energy", "boundary", ""),
    ("measured_energy", "row_id", "unknown_run"),
    ("published_estimate", "energy_wh", "0,3"),
    ("published_estimate", "energy_wh", "0.3 Wh"),
    ("published_estimate", "energy_wh", "0.2-0.4"),
    ("published_estimate", "energy_wh", "<0.3"),
    ("published_estimate", "energy_wh", ""),
    ("published_estimate", "energy_wh", "nan"),
    ("published_estimate", "kind", "rumour"),
    ("published_estimate", "model", "ChatGPT"),
    ("published_estimate", "subject", ""),
    ("published_estimate", "published_on", "last year"),
    ("published_estimate", "input_tokens", "-1"),
]


# The first fault of every column.
ALONE = {(table, column): value for table, column, value in reversed(BAD_CELLS)}


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column", "value"), [(*place, value) for place, value in ALONE.items()])
def test_faulty_cell_sets_its_row_aside(read, table, column, value):
    tables = read(as_csv(with_cells(table, 1, **{column: value})), table)
    assert tables[table]["row_id"].to_list() == ["r1", "r3"]
    rejected = tables["rejected_row"].select("source", "line", "column", "value").rows()
    assert rejected == [("lab", 3, column, value)]
    ACCEPTED[table].validate(tables[table])


@pytest.mark.parametrize("table", TABLES)
def test_faulty_cells_of_many_rows_set_each_aside_alone(read, table):
    faults = [(column, value) for of, column, value in BAD_CELLS if of == table]
    good, last = VALID[table][0], VALID[table][2]
    names = [f"b{number}" for number in range(len(faults))]
    faulty = [good | {"row_id": name} | {column: value} for name, (column, value) in zip(names, faults, strict=True)]
    runs = as_csv([RUNS[0] | {"row_id": name} for name in ("r1", *names, "r3")])
    tables = read(as_csv([good, *faulty, last]), table, runs=runs)
    assert tables[table]["row_id"].to_list() == ["r1", "r3"]
    ACCEPTED[table].validate(tables[table])
    rejected = tables["rejected_row"]
    assert list(zip(rejected["column"], rejected["value"], strict=True)) == faults
    assert rejected["line"].is_sorted() and rejected["line"].n_unique() == len(faults)


# Faulty files: what a change of the bytes of a valid file does.

BAD_FILES = {
    "header renamed": lambda text: text.replace(b"row_id", b"id", 1),
    "header in capitals": lambda text: text.upper(),
    "space in the header": lambda text: text.replace(b",", b", ", 1),
    "unit in the header": lambda text: text.replace(b",", b" [W],", 1),
    "no header": lambda text: text.split(b"\n", 1)[1],
    "column given twice": lambda text: text.replace(b"row_id,", b"row_id,row_id,", 1),
    "column too many": lambda text: text.replace(b"\n", b",more\n"),
    "header alone": lambda text: text.split(b"\n", 1)[0],
    "title above the header": lambda text: b"Table 1\n" + text,
    "semicolons": lambda text: text.replace(b",", b";"),
    "tabs": lambda text: text.replace(b",", b"\t"),
    "cell too many": lambda text: text.replace(b"r2,", b"r2,r2,"),
    "cell too few": lambda text: text.replace(b"r2,", b""),
    "empty cell too many": lambda text: text.replace(b"\nr3", b",\nr3"),
    "cut in the last line": lambda text: text[: text.rindex(b"r3") + 6],
    "cut in a quote": lambda text: text[: text.rindex(b"r3")] + b'"r3',
    "text after a quote": lambda text: text.replace(b"r2,", b'"r2"x,'),
    "lone quote": lambda text: text.replace(b"r2,", b'"r2,'),
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "UTF-16 without mark": lambda text: text.decode().encode("utf-16-le"),
    "Latin-1": lambda text: text.replace(b"r3,", "ré,".encode("latin-1")),
    "cut in a letter": lambda text: text + b"r4\xc3",
    "empty": lambda text: b"",
    "blank": lambda text: b"\n\n",
    "zeros": lambda text: bytes(len(text)),
    "zero bytes after the rows": lambda text: text + bytes(10),
    "a web page": lambda text: b"<!DOCTYPE html>\n<html><body>404, not found</body></html>\n",
    "JSON": lambda text: b'{"row_id": "r1"}\n',
    "an archive": lambda text: b"PK\x03\x04\x14\x00\x06\x00\x08\x00!\xff\xfe",
    "a Git LFS pointer": lambda text: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
    "merge conflict": lambda text: text.replace(b"\nr2", b"\n<<<<<<< HEAD\nr2"),
    "footnote": lambda text: text + b"* not verified\n",
    "repeated header and too few cells": lambda text: text + b"row_id,gpu\n",
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("fault", BAD_FILES)
def test_faulty_file_is_refused_in_one_line_that_names_it(read, tmp_path, table, fault):
    content = BAD_FILES[fault](as_csv(VALID[table]))
    assert content != as_csv(VALID[table])
    message = message_of(read, content, table)
    assert message.startswith(f"{tmp_path / 'lab' / table}.csv")


HARMLESS = {
    "byte-order mark": lambda text: b"\xef\xbb\xbf" + text,
    "Windows line ends": lambda text: text.replace(b"\n", b"\r\n"),
    "no last line end": lambda text: text.removesuffix(b"\n"),
    "blank lines after the rows": lambda text: text + b"\n\n",
    "spaces around a cell": lambda text: text.replace(b"r2,", b" r2 ,"),
    "quoted cells": lambda text: text.replace(b"r2,", b'"r2",'),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", HARMLESS)
def test_other_spelling_of_the_same_file_changes_nothing(read, table, change):
    content = HARMLESS[change](as_csv(VALID[table]))
    assert content != as_csv(VALID[table])
    assert read(content, table)[table].equals(read(table=table)[table])


def test_order_of_the_columns_does_not_matter(read):
    turned = [dict(reversed(row.items())) for row in RUNS]
    assert read(as_csv(turned))["throughput"].equals(read()["throughput"])


@pytest.mark.slow
@settings(max_examples=60)
@given(data=st.data())
def test_any_damage_to_a_file_is_refused_or_sets_rows_aside(read, data):
    text = as_csv(RUNS)
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.sampled_from([0, 1, 2, 5, 20, 100]))
    pieces = st.sampled_from([b",", b"\n", b'"', b"\r", b"\x00", b"\xff", b"-", b"e9", b"0", b"nan", b";", b" ", b",,"])
    damage = data.draw(st.binary(max_size=4) | pieces | st.text(max_size=4).map(str.encode))
    try:
        tables = read(text[:start] + damage + text[start + length :])
    except InputError as error:
        assert len(str(error).splitlines()) == 1
        return
    accepted, rejected = tables["throughput"], tables["rejected_row"]
    ACCEPTED["throughput"].validate(accepted)
    assert set(accepted["line"]) & set(rejected["line"]) == set()
    assert set(accepted["model"]) <= {"Big 300B", "Tiny 8B"}
    counts = tables["source"].row(0, named=True)
    assert (counts["rows_accepted"], counts["rows_rejected"]) == (len(accepted), rejected["line"].n_unique())
