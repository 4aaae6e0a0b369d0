"""Requests that stand in two files, or twice in one, are found; requests that are alike by chance are not."""

import gzip
import logging

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import bills, files as usage_files, metering, repeats
from usage_logs import PLACE, spec

HEAD = "time,model,prompt,cached,answer,team,place\n"
FINER = ".25"


def rows(numbers, fraction="", prompt=lambda number: 100 + 7 * number, answer=lambda number: 10 + number % 13):
    """A row of CSV per number of a second."""
    times = [f"{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}" for number in numbers]
    return [
        f"2026-01-01T{time}{fraction}Z,A,{prompt(number)},0,{answer(number)},x,eu\n"
        for time, number in zip(times, numbers, strict=True)
    ]


def log(folder, name, lines):
    folder.mkdir(exist_ok=True, parents=True)
    text = (HEAD + "".join(lines)).encode()
    (folder / name).write_bytes(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)


def marks_of(folder, entry=None):
    usage = {"folder": str(folder), "logs": {"log": entry or spec()}}
    options = {"place": PLACE, "step_minutes": 60, "leave_out": False, "threads": 2, "folder": folder.parent}
    files = usage_files.files_of(usage, "logs", PLACE)
    return metering.metered(files, usage["logs"], logger=logging.getLogger("test"), **options)["marks"]


def test_a_file_and_its_packed_copy_are_found_in_another_order(tmp_path):
    for name, order in (("a.csv", range(5)), ("a.csv.gz", range(4, -1, -1))):
        log(tmp_path / "in", name, rows(order))
    marks = marks_of(tmp_path / "in")
    with pytest.raises(InputError, match=r"a\.csv\.gz: found 5 requests that .*a\.csv has too, .*`repeats: keep`"):
        repeats.check(marks)
    repeats.check(marks, ["log"])


@pytest.mark.parametrize("fraction", ["", FINER])
def test_overlapping_exports_are_found(tmp_path, fraction):
    log(tmp_path / "in", "early.csv", rows(range(50), fraction))
    log(tmp_path / "in", "late.csv", rows(range(40, 90), fraction))
    with pytest.raises(InputError, match=r"late\.csv: found 10 requests that .*early\.csv has too"):
        repeats.check(marks_of(tmp_path / "in"))


def test_files_that_follow_each_other_or_run_side_by_side_are_no_repeats(tmp_path):
    log(tmp_path / "in", "a.csv", rows(range(50)))
    log(tmp_path / "in", "b.csv", rows(range(50, 99)))
    log(tmp_path / "in", "c.csv", rows(range(50), prompt=lambda number: 3 * number))
    repeats.check(marks_of(tmp_path / "in"))


def test_requests_alike_by_chance_in_whole_seconds_are_no_repeats(tmp_path):
    def of(shift):
        return rows(range(400), prompt=lambda number: (number * 31 + shift * number % 5) % 7, answer=lambda number: 1)

    log(tmp_path / "in", "a.csv", of(0))
    log(tmp_path / "in", "b.csv", of(3))
    marks = marks_of(tmp_path / "in")
    assert 0 < pl.concat([marks]).group_by(repeats.REQUEST).len().filter(pl.col("len") > 1).height < 200
    repeats.check(marks)
    finer = marks.with_columns(pl.col("time_us") + 1)
    with pytest.raises(InputError, match="requests that"):
        repeats.check(finer)


def test_a_file_put_together_with_itself_is_found_but_not_a_steady_load(tmp_path):
    log(tmp_path / "twice", "a.csv", rows(range(9)) * 2)
    with pytest.raises(InputError, match="found every request at least twice"):
        repeats.check(marks_of(tmp_path / "twice"))
    same = {"prompt": lambda number: 100, "answer": lambda number: 10}
    log(tmp_path / "steady", "a.csv", rows(range(9), **same) * 2)
    repeats.check(marks_of(tmp_path / "steady"))
    log(tmp_path / "finer", "a.csv", rows(range(9), FINER, **same) * 2)
    with pytest.raises(InputError, match="found every request at least twice"):
        repeats.check(marks_of(tmp_path / "finer"))


def test_of_many_requests_a_part_of_the_times_is_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(repeats, "MARKS", 64)
    log(tmp_path / "in", "a.csv", rows(range(4000)))
    log(tmp_path / "in", "b.csv", rows(range(3000, 7000)))
    marks = marks_of(tmp_path / "in")
    assert marks["every"].unique().to_list() == [128]
    assert 20 < marks.height < 140
    with pytest.raises(InputError, match=r"found about [\d,]+ requests"):
        repeats.check(marks)


def test_marks_of_several_jobs_are_compared_at_the_times_that_all_took(tmp_path, monkeypatch):
    log(tmp_path / "a", "a.csv", rows(range(500)))
    log(tmp_path / "b", "b.csv", rows(range(500)))
    first = marks_of(tmp_path / "a")
    monkeypatch.setattr(repeats, "MARKS", 128)
    second = marks_of(tmp_path / "b")
    both = repeats.alike(pl.concat([first, second]))
    assert sorted(both.filter(pl.col("file") == "a.csv")["time_us"]) == sorted(second["time_us"])
    with pytest.raises(InputError, match=r"b\.csv: found"):
        repeats.check(both)
    assert repeats.alike(first) is first


@pytest.mark.parametrize(("count", "every"), [(0, 1), (16_384, 1), (16_385, 2), (10**9, 2**16)])
def test_about_so_many_requests_are_compared(count, every):
    assert repeats.every(count) == every


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, 300), length=st.integers(3, 300), fraction=st.sampled_from(["", FINER]))
def test_any_overlap_is_found_and_no_other(tmp_path_factory, start, length, fraction):
    folder = tmp_path_factory.mktemp("overlap")
    log(folder / "in", "a.csv", rows(range(200), fraction))
    log(folder / "in", "b.csv", rows(range(start, start + length), fraction))
    marks = marks_of(folder / "in")
    if start < 200:
        with pytest.raises(InputError, match=r"b\.csv: found \d+ requests that"):
            repeats.check(marks)
    else:
        repeats.check(marks)


def test_rows_that_two_bills_have_are_found(tmp_path):
    for name, days in (("a.csv", (1, 2)), ("b.csv", (2, 3))):
        text = "".join(f"2026-01-0{day},A,{day}000,50\n" for day in days)
        (tmp_path / name).write_text("day,model,in,out\n" + text)
    columns = {"month": "day", "model": "model", "input_tokens": "in", "output_tokens": "out"}
    entry = {"files": ["*.csv"], "columns": columns, "lengths": "w"}

    def added(**changes):
        usage = {"folder": str(tmp_path), "bills": {"bill": entry | changes}}
        files = usage_files.files_of(usage, "bills", PLACE)
        return bills.billed(files, usage["bills"], place=PLACE, folder=tmp_path)[0]

    with pytest.raises(InputError, match=r"b\.csv: found 1 rows that .*a\.csv has too"):
        added()
    assert int(added(repeats="keep")["input_tokens"][0]) == 8000


def two_sources(folder, first, second):
    """Marks of two logs, each a folder with an entry of its own."""
    usage = {"folder": str(folder), "logs": {"one": first, "two": second}}
    options = {"place": PLACE, "step_minutes": 60, "leave_out": False, "threads": 2, "folder": folder.parent}
    files = usage_files.files_of(usage, "logs", PLACE)
    return metering.metered(files, usage["logs"], logger=logging.getLogger("test"), **options)["marks"]


def test_requests_of_two_sources_are_compared_without_the_names_of_models(tmp_path):
    for name, model, shift in (("one", "A", 0), ("two", "maker/a-v1", 30)):
        lines = [line.replace(",A,", f",{model},") for line in rows(range(shift, shift + 50), FINER)]
        log(tmp_path / "in" / name, "log.csv", lines)
    marks = two_sources(tmp_path / "in", spec(files=["one"]), spec(files=["two"]))
    with pytest.raises(
        InputError, match=r"two/log\.csv: found 20 requests that .*one/log\.csv has too, with the same times and"
    ):
        repeats.check(marks)
    repeats.check(marks, ["two"])


def test_steady_loads_of_two_services_are_no_repeats(tmp_path):
    same = {"prompt": lambda number: 100, "answer": lambda number: 10}
    for name, model in (("one", "A"), ("two", "B")):
        log(tmp_path / "in" / name, "log.csv", [line.replace(",A,", f",{model},") for line in rows(range(50), **same)])
    repeats.check(two_sources(tmp_path / "in", spec(files=["one"]), spec(files=["two"])))


@pytest.mark.parametrize(("id_", "found"), [("gen-17799-{}-abcdefgh", True), ("{}", False)])
def test_ids_that_two_sources_have_are_found_whatever_their_times(tmp_path, id_, found):
    (tmp_path / "in").mkdir()
    for name, second in (("one", 0), ("two", 7)):
        text = "".join(
            f"2026-01-01T00:00:{second + n:02d}.5Z,A,{100 + n},0,{n},x,eu,{id_.format(n)}\n" for n in range(5)
        )
        (tmp_path / "in" / f"{name}.csv").write_text(HEAD.replace("place", "place,id") + text)
    entries = [spec(files=[f"{name}.csv"], unique={"columns": ["id"]}) for name in ("one", "two")]
    marks = two_sources(tmp_path / "in", *entries)
    if not found:  # short ids may be those of others
        repeats.check(marks)
        return
    with pytest.raises(InputError, match=r"two\.csv: found 5 requests with ids that one\.csv has too"):
        repeats.check(
            repeats.alike(pl.concat([marks, marks.with_columns(pl.lit(1, pl.Int64).alias("every"))]).unique())
        )
    repeats.check(marks, ["one"])


BILL = {"month": "day", "model": "model", "input_tokens": "in", "output_tokens": "out"}


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("2026-01-01,A,1000,50\n2026-01-02,A,2000,60\n", "2026-01-02T00:00:00Z,x/a,2000,60\n"), "1 sums of a day"),
        (("2026-01-01,A,1000,50\n2026-01-02,A,2000,60\n", "2026-01,a,3000,110\n"), "1 sums of a month"),
        (("2026-01-01,A,1000,50\n2026-01-01,B,2000,60\n", "2026-01-01,,3000,110\n"), "1 sums of a day"),
        (("2026-01-01,A,1000,50\n", "2026-01-01,A,1001,50\n2026-02-01,A,1000,50\n"), None),
    ],
)
def test_sums_that_two_bills_of_other_sources_have_are_found(tmp_path, texts, told):
    for name, text in zip(("one", "two"), texts, strict=True):
        (tmp_path / f"{name}.csv").write_text("day,model,in,out\n" + text)
    usage = {
        "folder": str(tmp_path),
        "bills": {name: {"files": [f"{name}.csv"], "columns": BILL, "lengths": "w"} for name in ("one", "two")},
    }

    def added():
        files = usage_files.files_of(usage, "bills", PLACE)
        return bills.billed(files, usage["bills"], place=PLACE, folder=tmp_path)[0]

    if told is None:
        assert int(added()["input_tokens"].sum()) == 3001
        return
    with pytest.raises(
        InputError, match=rf"two\.csv: found {told} that .*one\.csv has too, with the same time, tokens"
    ):
        added()
    usage["bills"]["one"]["repeats"] = "keep"
    assert not added().is_empty()


STEP = 1_767_225_600_000_000  # 2026-01-01


def overlapping(bill=None, log=None, files=None, supplies=None, kept=()):
    """Overlaps of a bill and a log of one model and month, with changes."""
    keys = {"month": ["2026-01"], "tenant": [None], "region": [None]}
    bill = {"source": ["bill"], "model": ["gpt-x-2026-01-05"]} | keys | (bill or {})
    log = {"source": ["log"], "model": ["openai/GPT-X"], "step_start_us": [STEP]} | keys | (log or {})
    log.pop("month")
    numbers = ({"input_tokens": [9000], "output_tokens": [500]}, {"input_tokens": [2000], "output_tokens": [300]})
    days = {"bill": ("2026-01", "2026-01"), "log": ("2026-01-01", "2026-01-03")} | (files or {})
    listed = pl.DataFrame(
        [(name, f"{name}.csv", *of) for name, of in days.items()],
        schema=["source", "file", "first_day", "last_day"],
        orient="row",
    )
    types = dict.fromkeys(("tenant", "region"), pl.String)
    tables = [
        pl.DataFrame(of | amounts, schema_overrides=types) for of, amounts in zip((bill, log), numbers, strict=True)
    ]
    return bills.overlaps(*tables, listed, {"bill": "bought_tokens", "log": "bought_tokens"} | (supplies or {}), kept)


def test_a_bill_that_may_hold_a_log_in_part_is_found():
    found = overlapping()
    told = (
        r"bill\.csv: found gpt-x-2026-01-05 in 2026-01, which log\.csv has too: 9,500 and 2,300 tokens, of which some"
    )
    with pytest.raises(InputError, match=told) as error:
        bills.check_overlaps(found)
    assert "allowed: every request once, in logs or in bills (or `overlaps: tell` for bills.bill" in str(error.value)
    (line,) = bills.check_overlaps(found, ["bill"])
    assert line == str(error.value).partition(";")[0] + "; they are counted as different ones (`overlaps: tell`)"
    assert bills.most_twice(found) == 2300.0
    lines = bills.check_overlaps(pl.concat([found] * 7), ["bill"])
    assert lines == [line] * 5 + ["and 2 more overlaps of bills"]


@pytest.mark.parametrize(
    ("changes", "overlap"),
    [
        ({}, True),
        ({"log": {"model": ["gpt-y"]}}, False),
        ({"log": {"step_start_us": [STEP + 32 * 86_400_000_000]}}, False),
        ({"bill": {"tenant": ["sales"]}}, True),
        ({"bill": {"tenant": ["sales"]}, "log": {"tenant": ["support"]}}, False),
        ({"bill": {"region": ["eu"]}, "log": {"region": ["us"]}}, False),
        ({"bill": {"region": ["eu"]}, "log": {"region": ["eu"]}}, True),
        ({"kept": ["log"]}, False),
        ({"supplies": {"log": "own_machines"}}, False),
        ({"files": {"bill": ("2026-01-03", "2026-01-31")}}, True),
        ({"files": {"bill": ("2026-01-04", "2026-01-31")}}, False),
        ({"files": {"log": ("2025-11-30", "2026-02-03")}}, True),
    ],
)
def test_different_services_do_not_overlap(changes, overlap):
    if "log" in changes and "step_start_us" in changes["log"]:
        changes["files"] = {"log": ("2026-02-02", "2026-02-02")}
    found = overlapping(**changes)
    assert found.height == overlap
    assert (bills.most_twice(found) > 0) is overlap


def test_a_bill_of_the_requests_of_a_log_is_found():
    step = 1_767_225_600_000_000  # 2026-01-01
    logged = pl.DataFrame(
        {"source": ["log"] * 2, "step_start_us": [step] * 2, "model": ["A", "B"]}
        | {"input_tokens": [900, 10], "output_tokens": [200, 5]}
    )
    keys = {"source": ["bill"], "month": ["2026-01"]}
    same = pl.DataFrame(keys | {"model": ["maker/a"], "input_tokens": [900], "output_tokens": [200]})
    told = r"bills\.bill: found the tokens of logs\.log in 2026-01: 900 of prompts and 200 of answers"
    with pytest.raises(InputError, match=told):
        bills.check_logged(same, logged)
    with pytest.raises(InputError, match="found the tokens of logs"):
        bills.check_logged(
            pl.DataFrame(keys | {"model": [None], "input_tokens": [910], "output_tokens": [205]}), logged
        )
    bills.check_logged(same, logged, ["log"])
    bills.check_logged(same.with_columns(pl.lit("2026-02").alias("month")), logged)
    bills.check_logged(same.with_columns(pl.lit(901).alias("input_tokens")), logged)
