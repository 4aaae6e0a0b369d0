"""Text files are read as they are laid out, or refused with the line and the first cause."""

import gzip
import json
import logging
import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import files as usage_files, metering, repeats
from inference_energy.statement.logs.layout import layout_of, rows_in
from inference_energy.tables import database
from messages import message_of
from usage_logs import PLACE, frame, metered, spec, write

HEADER = "time,model,prompt,cached,answer,team,place"
ROWS = [f"2026-02-03T{hour:02d}:30:00Z,A,{100 + hour},{hour},{10 * hour},x,eu" for hour in range(24)]
TOTAL = (24, sum(100 + hour for hour in range(24)), sum(range(24)), sum(10 * hour for hour in range(24)))
TEXT = "\n".join([HEADER, *ROWS]) + "\n"
LINES = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in ROWS]
TOTALS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
JSON = "".join(json.dumps(line) + "\n" for line in LINES)


def total(folder, entry=None, **options):
    """Requests, prompt, cached and answer tokens of all files."""
    sums, _ = metered(folder, entry, **options)
    return tuple(int(sums[name].sum()) for name in TOTALS)


@pytest.fixture
def of(tmp_path):
    """Metering of one file with some content; a total, or its message without the folder."""

    def metering_of(content, name="log.csv", entry=None, **options):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            return total(tmp_path / "in", entry, **options)
        except InputError as error:
            assert "\n" not in str(error)
            return str(error).replace(f"{tmp_path}/in/", "").replace(f"{tmp_path}/", "")

    return metering_of


def beside(name: str, value: str) -> str:
    """The file with a further column."""
    return "\n".join([f"{HEADER},{name}", *(f"{row},{value}" for row in ROWS)]) + "\n"


READ_RIGHT = {
    "as it is": TEXT,
    "semicolons": TEXT.replace(",", ";"),
    "tabs": TEXT.replace(",", "\t"),
    "bars": TEXT.replace(",", "|"),
    "line breaks of Windows": TEXT.replace("\n", "\r\n"),
    "no last line break": TEXT.rstrip("\n"),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "blank lines": TEXT.replace("\n", "\n\n"),
    "blanks behind commas": TEXT.replace(",", ", "),
    "quotes around all cells": "\n".join('"' + line.replace(",", '","') + '"' for line in [HEADER, *ROWS]) + "\n",
    "quotes behind blanks": "\n".join('"' + line.replace(",", '", "') + '"' for line in [HEADER, *ROWS]) + "\n",
    "a title": f"Requests of February\n\n{TEXT}",
    "a line of Excel": "sep=;\n" + TEXT.replace(",", ";"),
    "a line break in a cell": TEXT.replace(",x,", ',"x\ny",'),
    "columns in another order": "\n".join(",".join(reversed(line.split(","))) for line in [HEADER, *ROWS]),
    "further columns, two of one name": beside("n,n,,", "1,2,,"),
    "a further column in other letters": beside("Model", "?"),
    "compressed": gzip.compress(TEXT.encode()),
    "compressed in parts": gzip.compress(TEXT[:100].encode()) + gzip.compress(TEXT[100:].encode()),
    "decimals": TEXT.replace(",A,100,0,0,", ",A,100.0,0.00,0.0,"),
}  # fmt: skip


@pytest.mark.parametrize("form", READ_RIGHT)
def test_layouts_of_csv_are_read_right(of, form):
    assert of(READ_RIGHT[form]) == TOTAL


@pytest.mark.parametrize(
    "content",
    [
        JSON,
        JSON.replace("\n", "\r\n"),
        JSON.rstrip("\n"),
        JSON.replace("\n", "\n\n"),
        b"\xef\xbb\xbf" + JSON.encode(),
        b"\xef\xbb\xbf" + JSON.replace("\n", "\n\n").encode(),
        gzip.compress(JSON.encode()),
        json.dumps(LINES),
        json.dumps(LINES, indent=2),
        gzip.compress(json.dumps(LINES).encode()),
    ],
    ids=map(str, range(10)),
)
def test_layouts_of_json_are_read_right(of, content):
    assert of(content, "log.jsonl") == TOTAL


def line(number: int, text: str, content: str = TEXT) -> str:
    """The file with another line, counted from 1."""
    lines = content.splitlines()
    lines[number - 1] = text
    return "\n".join(lines) + "\n"


WIDER = [f"{row},y" for row in ROWS]
REFUSED = {
    "a column more, midway": (
        "\n".join([HEADER, *ROWS[:20], f"{HEADER},user", *WIDER[20:]]),
        "log.csv line 22: found another header, with new user; allowed: one header in each file",
    ),
    "a column more, midway, and used": (
        "\n".join([HEADER.replace(",place", ""), *(row[:-3] for row in ROWS[:20]), HEADER, *ROWS[20:]]),
        "log.csv line 22: found the header with answer, cached, model, place, prompt, team or time below rows of other"
        " columns; allowed: one header, in the first line (a file for each header)",
    ),
    "a column less, midway": (
        "\n".join([HEADER, *ROWS[:20], HEADER.replace(",place", ""), *(row[:-3] for row in ROWS[20:])]),
        "log.csv line 22: found another header, without place; allowed: one header in each file",
    ),
    "columns exchanged, midway": (
        "\n".join([HEADER, *ROWS[:20], HEADER.replace("prompt,cached,answer", "answer,cached,prompt"), *ROWS[20:]]),
        "log.csv: time (column time): 1 of 25 rows are a header again, such as 'time'; allowed: one header, in"
        " the first line of a file (a file for each header) (and ",
    ),
    "a cell more": (line(9, ROWS[7] + ",?"), "log.csv line 9: found 8 cells; allowed: 7, as in the header"),
    "a cell less": (line(9, ROWS[7][:-3]), "log.csv line 9: found 6 cells; allowed: 7, as in the header"),
    "cut off": (TEXT[:-9], "log.csv line 25: found 5 cells: the file may be cut off; allowed: 7, as in the header"),
    "an open quote": (line(9, ROWS[7].replace("A", '"A')), "log.csv line 9: found a quote that is never closed"),
    "two kinds of line breaks": (
        TEXT.replace("\n", "\r\n", 12),
        "log.csv: found line breaks of two kinds (of Windows and others); allowed: one kind",
    ),
    "Latin-1": (
        line(9, ROWS[7].replace(",x,", ",Köln,")).encode("latin-1"),
        "log.csv line 9: not UTF-8 text (byte 334); allowed: UTF-8 text, not Latin-1 or Windows-1252",
    ),
    "UTF-16": (TEXT.encode("utf-16"), "log.csv: found UTF-16 text; allowed: UTF-8 text"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "log.csv: found bytes of zero, as in UTF-16 or"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "log.csv: found a file compressed with zstd; allowed: UTF-8 text"),
    "a workbook": (b"PK\x03\x04\x14\x00", "log.csv: found a workbook or ZIP archive; allowed: UTF-8 text"),
    "Parquet": (b"PAR1\x15\x04", "log.csv: found Parquet; allowed: UTF-8 text"),
    "compressed and cut off": (gzip.compress(TEXT.encode())[:-9], "log.csv: cannot be read"),
    "no such column": (
        TEXT.replace("answer", "completion", 1),
        "log.csv: no column 'answer' for output_tokens (config/usage/mine.yaml: logs.log.columns); allowed: cached,"
        " completion, model, place, prompt, team or time",
    ),
    "a column twice": (
        beside("prompt", "1"),
        "log.csv line 1: found column prompt twice; allowed: once",
    ),
    "nothing": ("", "log.csv: the file is empty; allowed: a header and rows"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("leave_out", [False, True])
def test_faults_of_csv_name_the_line_and_the_first_cause(of, fault, leave_out):
    """Also where rows with a fault are to be left out: these are faults of the file."""
    content, told = REFUSED[fault]
    assert of(content, leave_out=leave_out).startswith(told.replace(" (and ", "") if leave_out else told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (JSON[:-18], "log.jsonl line 24: found no whole JSON object (Unterminated string starting at: "),
        (line(9, "{", JSON), "log.jsonl line 9: found no whole JSON object ("),
        (line(9, "2026-02-03 server restarted", JSON), "log.jsonl line 9: found no whole JSON object ("),
        (json.dumps({"data": LINES}, indent=1), "log.jsonl: found one JSON document over several lines"),
        (json.dumps(LINES)[:-5], "log.jsonl: found a list of JSON that is not whole ("),
        (JSON.replace('"x"', '"Köln"').encode("latin-1"), "log.jsonl line 1: not UTF-8 text (byte "),
        (JSON.encode("utf-16"), "log.jsonl: found UTF-16 text; allowed: UTF-8 text"),
        (gzip.compress(JSON.encode())[:-9], "log.jsonl: cannot be read"),
        (b"\xef\xbb\xbf" + json.dumps(LINES).encode(), "log.jsonl: found a byte order mark before a list"),
    ],
)  # fmt: skip
def test_faults_of_json_name_the_line_and_the_first_cause(of, content, told):
    assert of(content, "log.jsonl").startswith(told)


def test_far_bytes_that_are_no_text_are_named(of):
    """Behind the first bytes, which decide the layout."""
    many = TEXT + "\n".join(ROWS * 150) + "\n"
    at = len(many.encode())
    wrong = many.encode() + ROWS[0].replace("A", "Ä").encode("latin-1") + b"\n"
    assert of(wrong) == (
        f"log.csv line {many.count(chr(10)) + 1}: not UTF-8 text (byte {at + 21}); allowed: UTF-8 text, not Latin-1 or"
        " Windows-1252"
    )


def test_damaged_compression_is_named(of):
    content = bytearray(gzip.compress("\n".join([HEADER, *ROWS * 50]).encode()))
    content[-8] ^= 1  # the checksum
    assert "compressed content is cut off or damaged" in of(bytes(content)) or "cannot be read" in of(bytes(content))


TIMES = {
    "2026-02-03 01:05:00 PM": "with AM or PM, such as '2026-02-03 01:05:00 PM'; allowed: hours from 0 to 23",
    "2026-02-03 1:05 p.m.": "with AM or PM",
    "2026-02-03": "dates without a time of day, such as '2026-02-03'; allowed: date and time; sums by day",
    "2026/02/03": "dates without a time of day",
    "1770000000": "numbers, seconds by their size, such as '1770000000'; allowed: with time_unit: s",
    "1770000000123": "numbers, milliseconds by their size, such as '1770000000123'; allowed: with time_unit: ms",
    "1770000000123456": "numbers, microseconds by their size",
    "1770000000123456789": "numbers, nanoseconds by their size",
    "1770000000.25": "numbers, seconds by their size",
    "03/02/2026 01:05": "dates whose day and month cannot be told apart",
    "03.02.2026 01:05": "dates whose day and month cannot be told apart",
    "2026-02-03 01:05:00": "without an offset",
    "2026-02-03T01:05:00 Europe/Berlin": "not such",
    "2026-02-30T01:05:00Z": "not such",
    "epoch": "not such",
    "infinity": "not such",
}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_times_that_say_too_little_are_refused_with_what_to_do(of, time, name):
    content = (TEXT if name == "log.csv" else JSON).replace("2026-02-03T09:30:00Z", time)
    assert f"{name}: time (column time): 1 of 24 rows are {TIMES[time]}" in of(content, name)


@pytest.mark.parametrize(
    "time",
    [
        "2026-02-03T11:30:00+02:00", "2026-02-03 11:30:00 +0200", "2026-02-03 11:30:00+02",
        "2026-02-03 04:00:00 -05:30",
        "2026-02-03 09:30:00 UTC", "2026-02-03T09:30:00 Z", "2026-02-03T09:30:00.123456Z", "2026-02-03 09:30Z",
        " 2026-02-03T09:30:00Z ", "2026/02/03 09:30:00Z",
    ],
)  # fmt: skip
def test_times_with_an_offset_are_read_right(tmp_path, time):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.csv").write_text(TEXT.replace("2026-02-03T09:30:00Z", time))
    sums, _ = metered(tmp_path / "in")
    assert sums["step_start_us"].to_list() == [(1_770_076_800 + 3600 * hour) * 1_000_000 for hour in range(24)]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("950.000", "'950.000' is 950 or 950,000; write digits alone"),
        ("1.500", "'1.500' is 1.5 or 1,500; write digits alone"),
        ('"1,234"', "'1,234' is 1.234 or 1,234; write digits alone"),
        ("1 234", "'1 234' is 1,234; write digits alone"),
        ("1.234.567", "'1.234.567' is 1,234,567; write digits alone"),
        ("1'234", '"1\'234" is 1,234; write digits alone'),
        ("1.5", "not whole numbers, such as '1.5'"),
        ("12k", "not whole numbers, such as '12k'"),
    ],
)
def test_numbers_that_have_two_readings_are_refused_with_both(of, number, told):
    found = of(TEXT.replace(",A,109,", f",A,{number},"))
    assert "log.csv: input_tokens (column prompt): 1 of 24 rows are not whole numbers" in found
    assert told in found


@pytest.mark.parametrize(
    ("number", "whole"), [("109.0", 109), ("109.00", 109), (" 109 ", 109), ("1.09e2", 109), ("1e2", 100)]
)
def test_numbers_that_have_one_reading_are_read(of, number, whole):
    assert of(TEXT.replace(",A,109,", f",A,{number},")) == (24, TOTAL[1] + whole - 109, *TOTAL[2:])


def test_a_number_of_json_has_one_reading(of):
    lines = [line | {"prompt": int(line["prompt"])} for line in LINES]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    assert of(content.replace('"prompt": 109', '"prompt": 109.000'), "log.jsonl") == TOTAL
    assert "is 109 or 109,000" in of(JSON.replace('"prompt": "109"', '"prompt": "109.000"'), "log.jsonl")


def test_names_are_trimmed_and_empty_ones_are_none(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.csv").write_text(TEXT.replace("09:30:00Z,A,", "09:30:00Z, A ,").replace(",x,", ",\u00a0,", 1))
    sums, _ = metered(tmp_path / "in")
    assert sums["model"].unique().to_list() == ["A"]
    assert sorted(sums["tenant"].unique().to_list(), key=str) == [None, "x"]


def test_folders_and_columns_of_one_name_agree_or_fail(tmp_path):
    for name, content in (("log.csv", TEXT), ("log.jsonl", JSON)):
        folder = tmp_path / name.replace(".", "_")
        for place, told in (("eu", TOTAL), ("us", None)):
            path = folder / f"place={place}" / name
            path.parent.mkdir(parents=True)
            path.write_text(content)
            entry = spec(files=[f"place={place}"])
            if told:
                assert total(folder, entry) == told
            else:
                assert message_of(metered, folder, entry) == (
                    f"{path}: found 'eu' in column place, but place=us in the name of its folder; allowed: the same in"
                    " both"
                )
    write(frame(), tmp_path / "parquet/place=eu/log.parquet")
    assert "found 'eu' or 'us' in column place, but place=eu" in message_of(
        metered, tmp_path / "parquet", spec(files=["."])
    )


def test_folders_state_columns_that_files_lack(tmp_path):
    for name, content in (
        ("log.csv", TEXT.replace(",place", "").replace(",eu", "")),
        ("log.jsonl", JSON.replace(', "place": "eu"', "")),
    ):
        path = tmp_path / name.replace(".", "_") / "place=a b%2Fc" / name
        path.parent.mkdir(parents=True)
        path.write_text(content)
        sums, _ = metered(path.parents[1], spec(files=["."]))
        assert sums["region"].unique().to_list() == ["a b/c"]


def test_rows_are_compared_with_lines(tmp_path):
    """A database that lost rows would be noticed."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.csv").write_text(TEXT)
    layout = layout_of(str(tmp_path / "in/log.csv"), "csv", {}, "place")
    assert rows_in(str(tmp_path / "in/log.csv"), layout) == 24
    with pytest.raises(RuntimeError, match="read 23 rows of 24"):
        metering.check_lines(str(tmp_path / "in/log.csv"), layout, 25, 23)
    metering.check_lines(str(tmp_path / "in/log.csv"), layout, 25, 24)


# What may happen to a log between the service and the statement, as functions of its lines and a random place.
def _inserted(lines, place):
    return [*lines[:place], lines[0] + ",more", *(each + ",1" for each in lines[place:])]


def _wider(lines, place):
    return [each if number < place else each + ",1" for number, each in enumerate(lines)]


def _narrower(lines, place):
    return [each if number < place else each.rsplit(",", 1)[0] for number, each in enumerate(lines)]


def _header_again(lines, place):
    return [*lines[:place], lines[0], *lines[place:]]


def _exchanged(lines, place):
    header = lines[0].replace("prompt,cached,answer", "answer,cached,prompt")
    return [*lines[:place], header, *lines[place:]]


def _comment(lines, place):
    return [*lines[:place], "# restarted", *lines[place:]]


def _blank(lines, place):
    return [*lines[:place], "", *lines[place:]]


HAPPENINGS = {
    "nothing": lambda lines, place: lines,
    "a header with a new column": _inserted,
    "a column more": _wider,
    "a column less": _narrower,
    "a header again": _header_again,
    "a header with columns exchanged": _exchanged,
    "a comment": _comment,
    "a blank line": _blank,
}
ENCODINGS = ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "cp1252"]
ZONES = ["Z", "+00:00", " +0000", " UTC", "", " PM", "+02:00"]
NUMBERS = ["{}", "{}.0", " {}", "{:,}", "{:_}", '"{}"']


# A second file beside the log, if any.
DUPLICATES = ["", "", "", "", "copy", "packed copy", "overlap"]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    """One database for many examples: opening one takes as long as reading a small log."""
    with metering.database(1, tmp_path_factory.mktemp("database")) as opened:
        yield opened


def counted(connection, folder, leave_out):
    """Total of the logs in a folder and rows left out; equal files and requests are looked for."""
    usage = {"folder": str(folder), "logs": {"log": spec(files=["."])}}
    files = usage_files.files_of(usage, "logs", PLACE)
    options = {"place": PLACE, "step_minutes": 60, "leave_out": leave_out, "threads": 1, "logger": logging.getLogger()}
    listing, every = metering.add(connection, files, usage["logs"], **options)
    if len(files) > 1:
        metering.check_repeats(listing)
        repeats.check(database.frame(connection, metering.marked()).with_columns(every=pl.lit(every, pl.Int64)))
    sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT" for name in TOTALS)
    return connection.execute(f"SELECT {sums} FROM sums").fetchone(), int(listing["rows_left_out"].sum())


def as_json(lines, separator):
    """Lines of a table as JSON lines; what is no row stays as it is, headers are left out."""
    keys = [*HEADER.split(","), "more"]
    rows = [line.split(separator) for line in lines if not line.startswith("time")]
    return [
        json.dumps(dict(zip(keys, cells, strict=False)), ensure_ascii=False) if len(cells) > 1 else cells[0]
        for cells in rows
    ]


@pytest.mark.slow
@settings(max_examples=2000, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    happening=st.sampled_from(sorted(HAPPENINGS)),
    place=st.integers(1, 24),
    encoding=st.sampled_from(ENCODINGS),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    line_break=st.sampled_from(["\n", "\r\n"]),
    zone=st.sampled_from(ZONES),
    number=st.sampled_from(NUMBERS),
    team=st.sampled_from(["x", "Zoë", "ß|", " y "]),
    name=st.sampled_from(
        ["log.csv", "LOG.CSV", "log.csv.1", "log[1].csv", "log-20260203.csv", "log.csv.gz", "l?*.csv"]
    ),
    ending=st.sampled_from(["csv", "csv", "csv", "jsonl", "json"]),
    cut=st.sampled_from([0, 0, 0, 1, 7]),
    leave_out=st.booleans(),
    tokens=st.lists(st.integers(0, 130_000), min_size=24, max_size=24),
    duplicate=st.sampled_from(DUPLICATES),
)
def test_whatever_happens_to_a_log_its_total_is_right_or_it_is_refused(
    connection, happening, place, encoding, separator, line_break, zone, number, team, name, ending, cut, leave_out,
    tokens, duplicate,
):  # fmt: skip
    quoted = f'"{team}"' if separator in team and ending == "csv" else team
    lines = [HEADER] + [
        ",".join([f"2026-02-03T{hour % 12:02d}:30:00{zone}", "A", number.format(value), "0", str(hour), quoted, "eu"])
        for hour, value in enumerate(tokens)
    ]
    if "," in number.format(1000) and separator == ",":
        lines = [lines[0]] + [
            each.replace(number.format(value), f'"{number.format(value)}"', 1)
            for each, value in zip(lines[1:], tokens, strict=True)
        ]
    later = [lines[0], *lines[13:], *(each.replace("02-03T", "02-04T") for each in lines[1:9])]
    lines, later = (HAPPENINGS[happening](each, place) for each in (lines, later))
    if separator != "," and "," not in number.format(1000):
        lines, later = ([each.replace(",", separator) for each in of] for of in (lines, later))
    if ending != "csv":
        lines, later = (as_json(of, "," if "," in lines[0] else separator) for of in (lines, later))
    content, beside = ((line_break.join(of) + line_break).encode(encoding) for of in (lines, later))
    content = content[: len(content) - cut]
    name = re.sub("csv", ending, name, flags=re.IGNORECASE) if ending != "csv" else name
    with tempfile.TemporaryDirectory() as inside:
        folder = Path(inside) / "in"
        folder.mkdir()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        if duplicate == "overlap":
            (folder / f"later.{ending}").write_bytes(beside)
        elif duplicate:
            copy, packed = (f"{name}.gz", True) if duplicate == "packed copy" else (f"copy of {name}", False)
            (folder / copy).write_bytes(gzip.compress(content) if packed or copy.endswith(".gz") else content)
        try:
            found, left_out = counted(connection, folder, leave_out)
        except InputError as error:
            assert any(path.name in str(error) for path in folder.iterdir()) or "found no file" in str(error)
            return
    right = (24, sum(tokens), 0, sum(range(24)))
    assert not duplicate or duplicate == "packed copy" or left_out
    assert leave_out or left_out == 0
    assert found[0] + left_out >= 24
    if left_out == 0:
        assert found == right or (cut and found[:3] == right[:3])
