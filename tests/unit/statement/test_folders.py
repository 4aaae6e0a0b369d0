"""Of every file in a folder it is known that it is read, or why not."""

import gzip

import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import metering
from inference_energy.statement.logs.files import found_of, listed
from inference_energy.statement.logs.kinds import format_of
from messages import message_of
from usage_logs import frame, metered, spec, write

PLACE = "config/usage/mine.yaml"

FORMATS = {
    "a.csv": "csv",
    "A.CSV": "csv",
    "a.TSV.gz": "csv",
    "a.jsonl": "jsonl",
    "a.JSONL": "jsonl",
    "a.json.gz": "json",
    "a.ndjson": "jsonl",
    "a.PARQUET": "parquet",
    "a.jsonl.1": "jsonl",
    "a.jsonl.12.gz": "jsonl",
    "a.jsonl.gz.1": "jsonl",
    "a.csv-20260331": "csv",
    "a.csv.2026-03-31": "csv",
    "a.csv.2026-03-31-12.gz": "csv",
    "a.csv_2026": "csv",
    "2026-03-31.csv": "csv",
    "a[1].csv": "csv",
    "_a.csv": "csv",
}
NOT_READ = {
    "a.log": "no known ending",
    "a.txt": "no known ending",
    "README.md": "no known ending",
    "a": "no known ending",
    "a.1": "no known ending",
    "a.parquet.gz": "no known ending",
    ".a.csv": "hidden",
    "._a.csv": "hidden",
    "~$a.csv": "hidden",
    "_SUCCESS": "hidden",
    "a.csv.bak": "backup",
    "a.csv~": "backup",
    "a.csv.tmp": "backup",
    "a.jsonl.part": "backup",
    "a.csv.old.gz": "backup",
    "a.csv.zst": "compressed",
    "a.jsonl.BZ2": "compressed",
    "a.csv.xz": "compressed",
    "a.zip": "compressed",
    "a.tar.gz": "compressed",
}


@pytest.mark.parametrize(("name", "stated"), [("a.json.gz", "jsonl"), ("a.jsonl", "json"), ("a.log", "csv")])
def test_a_stated_format_that_an_ending_allows_is_taken(name, stated):
    assert format_of(name, stated) == (stated, "")


@pytest.mark.parametrize("name", FORMATS)
def test_upper_case_compression_and_rotation_do_not_hide_a_format(name):
    assert format_of(name) == (FORMATS[name], "")


@pytest.mark.parametrize("name", NOT_READ)
def test_other_names_have_a_reason(name):
    found, reason = format_of(name)
    assert found is None
    assert reason.startswith(("hidden", NOT_READ[name], f"by its ending a {NOT_READ[name]}"))


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.log", "csv"), ("part-00000", "csv"), ("a.csv", "csv"), ("a.log.1.gz", "csv"), ("a.jsonl", None),
     ("a.md", None), ("a.yaml", None), (".a", None), ("a.log.bak", None), ("a.log.zst", None)],
)  # fmt: skip
def test_a_format_of_the_usage_file_holds_for_unknown_endings(name, found):
    assert format_of(name, "csv")[0] == found


def found(folder, *patterns, **entry):
    """Names of files that are read, and reasons by name for others."""
    usage = {"folder": str(folder), "logs": {"log": {"files": list(patterns)} | entry}}
    files, others = found_of(usage, "logs", PLACE)
    return [file.name for file in files], {other.name: other.reason for other in others}


@pytest.fixture
def folder(tmp_path):
    for name in (*FORMATS, *NOT_READ, "day/b.csv", ".git/c.csv", ".ipynb_checkpoints/a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_every_file_of_a_folder_is_read_or_named(folder):
    files, others = found(folder, ".")
    assert set(files) == {*FORMATS, "day/b.csv"}
    assert set(others) == {*NOT_READ, ".git", ".ipynb_checkpoints"}
    assert others[".git"] == "a hidden folder"


def test_what_a_pattern_leaves_out_is_named(folder):
    files, others = found(folder, "*.csv")
    assert set(files) == {"a.csv", "2026-03-31.csv", "a[1].csv", "_a.csv"}
    assert others["A.CSV"] == others["a.jsonl.1"] == "the pattern of the usage file does not match it"
    assert "hidden" in others[".a.csv"]


def test_what_another_source_reads_is_not_named(folder):
    usage = {"folder": str(folder), "logs": {"a": {"files": ["a.*"]}, "b": {"files": ["A.CSV"]}}, "bills": {}}
    others = [other["name"] for other in listed("mine", usage, None)["not_read"]]
    assert "A.CSV" not in others
    assert "2026-03-31.csv" in others


def test_a_name_with_signs_of_patterns_is_a_name(folder):
    assert found(folder, "a[1].csv")[0] == ["a[1].csv"]
    (folder / "b?[x]*").mkdir()
    (folder / "b?[x]*/c*.csv").write_text("")
    (folder / "b1x1").mkdir()
    (folder / "b1x1/c1.csv").write_text("")
    assert found(folder, "b?[x]*/c*.csv")[0] == ["b?[x]*/c*.csv"]
    assert found(folder, "b?[x]*")[0] == ["b?[x]*/c*.csv"]
    assert found(folder / "b?[x]*", ".")[0] == ["c*.csv"]
    assert found(folder / "b?[x]*", "*.csv")[0] == ["c*.csv"]
    assert found(folder, "b1?1/*.csv")[0] == ["b1x1/c1.csv"]


@pytest.mark.parametrize("name", ["a.zip", "a.csv.zst", "a.txt", "a.csv.bak"])
def test_a_file_that_is_named_and_not_read_is_an_error(folder, name):
    assert message_of(found, folder, name).startswith(f"{folder}/{name}: found a file that is not read: ")


def test_a_folder_without_a_file_that_is_read_says_what_is_there(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x/requests.log").write_text("")
    assert "found no file for 'x'" in message_of(found, tmp_path, "x")
    assert "not read: requests.log (no known ending" in message_of(found, tmp_path, "x")
    assert found(tmp_path, "x", format="csv")[0] == ["x/requests.log"]


def test_a_file_and_its_compressed_copy_are_read_once(tmp_path):
    text = write(frame(), tmp_path / "in/a.csv").read_bytes()
    (tmp_path / "in/a.csv.gz").write_bytes(gzip.compress(text))
    for patterns in (["."], ["*"], ["a.csv", "a.csv.gz"]):
        files, others = found(tmp_path / "in", *patterns)
        assert (files, others) == (["a.csv"], {"a.csv.gz": "the compressed copy of a.csv, which is read"})
    more = text + text.splitlines()[1].replace(b"00:10", b"03:10") + b"\n"
    (tmp_path / "in/a.csv.gz").write_bytes(gzip.compress(more))
    assert found(tmp_path / "in", ".") == (["a.csv", "a.csv.gz"], {})
    (tmp_path / "in/a.csv.gz").write_bytes(b"\x1f\x8b")
    assert found(tmp_path / "in", ".")[0] == ["a.csv", "a.csv.gz"]


def test_compression_is_told_by_content(tmp_path):
    text = write(frame(), tmp_path / "other.csv").read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/plain.csv.gz").write_bytes(text.replace(b"T00", b"T05"))
    (tmp_path / "in/packed.csv").write_bytes(gzip.compress(text))
    sums, files = metered(tmp_path / "in")
    assert int(sums["requests"].sum()) == 8
    assert files["rows"].to_list() == [4, 4]


def test_files_that_were_not_read_are_in_the_table_and_the_last_line(tmp_path):
    write(frame(), tmp_path / "in/a.csv")
    (tmp_path / "in/b.log").write_text("")
    usage = {"folder": str(tmp_path / "in"), "logs": {"log": spec(files=["."])}, "bills": {}}
    _, files = metered(tmp_path / "in", spec(files=["."]))
    files = metering.with_not_read(files, listed("mine", usage, None)["not_read"])
    assert files["rows"].to_list() == [4, 0]
    assert files["not_read"][0] is None
    assert files["not_read"][1].startswith("no known ending")
    assert "1 files, 4 rows; 1 not read: " in metering.told(files)
    assert "b.log (no known ending" in metering.told(files)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(["a", "b[1]", "c*", "d?", "e 2026", "ß"]).flatmap(
            lambda stem: st.sampled_from(
                [".csv", ".CSV", ".csv.1", ".csv.gz", ".csv.zst", ".csv.bak", ".txt", ".csv.2.gz"]
            ).map(lambda ending: stem + ending)
        ),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_rows_of_all_files_are_counted_or_the_files_are_named(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("in") / "2026"
    folder.mkdir()
    for number, name in enumerate(names):
        text = f"time,model,prompt,cached,answer,team,place\n2026-02-03T00:30:{number:02d}Z,A,{10**number},0,1,x,eu\n"
        (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    read = {number for number, name in enumerate(names) if format_of(name)[0]}
    try:
        sums, _ = metered(folder, spec(files=["."]))
    except InputError as error:
        assert not read, error
        return
    assert int(sums["input_tokens"].sum()) == sum(10**number for number in read)
    assert set(found(folder, ".")[1]) == {name for number, name in enumerate(names) if number not in read}
