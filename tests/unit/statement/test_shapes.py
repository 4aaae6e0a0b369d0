"""Files of any shape as plain rows: sums of columns, records in documents, kinds of rows, units, types, keys."""

import json

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import bills, files as usage_files, metering, paths, shapes, values
from usage_logs import PLACE, metered as sums_and_files, spec, write

TIME = "2026-01-01T00:10:00Z"


def metered(folder, entry):
    """Sums of the logs of a folder, over all groups: requests, prompt, cached, answer."""
    sums, _ = sums_and_files(folder, entry)
    return [None if sums[name].null_count() else int(sums[name].sum()) for name in metering.SUMS[:4]]


def kinds_of(folder, entry):
    """Rows by kind."""
    usage = {"folder": str(folder), "logs": {"log": entry}}
    files = usage_files.files_of(usage, "logs", PLACE)
    with metering.database(1, folder.parent) as connection:
        opened = shapes.opened(connection, files, entry, f"{PLACE}: logs.log")
        return {kind: (rows, prompt, answer) for kind, _, rows, prompt, answer in sorted(opened.counted)}


def billed(folder, entry):
    """Sums of the bills of a folder."""
    usage = {"folder": str(folder), "bills": {"bill": {"files": ["*"], "lengths": "w"} | entry}}
    files = usage_files.files_of(usage, "bills", PLACE)
    return bills.billed(files, usage["bills"], place=PLACE, folder=folder.parent)[0]


def lines(folder, *rows, name="log.jsonl"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def row(**values):
    return {"time": TIME, "model": "A", "in": 10, "out": 3} | values


COLUMNS = {"time": "time", "model": "model", "input_tokens": "in", "output_tokens": "out"}


def entry(columns=None, **keys):
    return {"files": ["*"], "columns": COLUMNS | (columns or {})} | keys


def test_a_role_may_be_a_sum_of_columns_of_which_a_row_states_some(tmp_path):
    folder = lines(tmp_path / "in", row(write=7), row(), row(**{"in": None, "write": 5}))
    assert metered(folder, entry({"input_tokens": ["in", "write"]}))[1] == 17 + 10 + 5


def test_a_sum_without_any_part_or_with_a_part_that_is_no_number_is_a_fault(tmp_path):
    sum_of = entry({"input_tokens": ["in", "write"]})
    folder = lines(tmp_path / "a", row(write=7), row(**{"in": None}))
    with pytest.raises(InputError, match=r"input_tokens \(column in \+ write\): 1 of 2 rows are empty"):
        metered(folder, sum_of)
    for number, part in enumerate((-2, 1.5, "1.000", "x")):
        folder = lines(tmp_path / f"b{number}", row(write=part), row(write=1))
        with pytest.raises(InputError, match=rf"1 of 2 rows are not whole numbers, such as '10 \+ {part}'"):
            metered(folder, sum_of)


def test_a_column_may_be_missing_only_with_a_question_mark(tmp_path):
    folder = lines(tmp_path / "in", row())
    assert metered(folder, entry({"input_tokens": ["in", "write?"]}))[1] == 10
    with pytest.raises(InputError, match=r"no row has 'write' \(.*columns\.input_tokens\)"):
        metered(folder, entry({"input_tokens": ["in", "write"]}))
    with pytest.raises(InputError, match=r"no row has 'plce'"):
        metered(folder, entry({"region": "plce"}))
    csv = tmp_path / "csv"
    write(pl.DataFrame([row()]), csv / "log.csv")
    with pytest.raises(InputError, match=r"no column 'write' \(.*columns\); allowed: in, model"):
        metered(csv, entry({"input_tokens": ["in", "write"]}))
    assert metered(csv, entry({"input_tokens": ["in", "write?"]}))[1] == 10


def test_names_are_the_first_that_is_stated(tmp_path):
    folder = lines(tmp_path / "in", row(real="B"), row(real=""), row())
    sums, _ = sums_and_files(folder, entry({"model": ["real?", "model"]}))
    assert dict(sums.select("model", "requests").iter_rows()) == {"A": 2, "B": 1}


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"a": {"b": 5}}, "a.b"),
        ({"a.b": 5}, "a.b"),
        ({"a": {"b.c": 5}}, "a.b.c"),
        ({"a.b": {"c": 5}}, "a.b.c"),
        ({"a": {"b.c": 5}}, 'a."b.c"'),
        ({"a": [{"b": 5}, {"b": 6}]}, "a.0.b"),
    ],
)
def test_keys_with_dots_and_entries_of_lists_are_found_as_the_file_has_them(tmp_path, record, name):
    folder = lines(tmp_path / "in", row(**record))
    assert metered(folder, entry({"input_tokens": name}))[1] == 5
    assert metered(folder, entry({"input_tokens": [name, "out"]}))[1] == 8


def test_every_way_to_read_a_name_is_tried_once():
    assert paths.candidates("a.b.c") == ['$."a"."b"."c"', '$."a.b"."c"', '$."a"."b.c"', '$."a.b.c"']
    assert paths.candidates('a."b.c"') == ['$."a"."b.c"']
    assert len(paths.candidates("a.b.c.d.e.f")) == len(set(paths.candidates("a.b.c.d.e.f"))) == 32


@pytest.mark.parametrize("name", ['"', 'a"b', ".", "a..b", "?", "in.", "*", "a.*", '"a'])
def test_names_that_are_no_keys_are_refused(tmp_path, name):
    folder = lines(tmp_path / "in", row())
    for keys in ({}, {"where": {"model": "A"}}):
        with pytest.raises(InputError, match="allowed: keys with dots between them"):
            metered(folder, entry({"tenant": name}, **keys))


def test_keys_may_hold_any_sign_but_a_quote(tmp_path):
    for number, key in enumerate(("a'b", "a b", "$", "in[*]", "\\", "ä", "a/b", "#")):
        folder = lines(tmp_path / f"in{number}", row(**{key: 5}))
        assert metered(folder, entry({"input_tokens": key}))[1] == 5
        assert metered(folder, entry({"input_tokens": [key, "out"]}))[1] == 8


@pytest.mark.parametrize("pattern", ["(", "(?=A)"])
def test_expressions_that_cannot_be_read_are_refused(tmp_path, pattern):
    folder = lines(tmp_path / "in", row())
    with pytest.raises(InputError, match=r"logs\.log: found .*; allowed: a regular expression"):
        metered(folder, entry(where={"model": {"matches": pattern}}))


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("changes", [{}, {"where": {"filename": "x"}}])
def test_a_column_may_be_called_filename(tmp_path, ending, changes):
    for number in (1, 2):
        write(pl.DataFrame([row(filename="x", answer=number)]), tmp_path / f"in/{number}.{ending}")
    sums = metered(tmp_path / "in", entry({"tenant": "filename"}, **changes))
    assert sums[0] == 2


def test_a_key_that_only_a_late_row_has_is_found(tmp_path):
    rows = [row() for _ in range(paths.SAMPLE_ROWS * 2)] + [row(late={"x.y": 4})]
    folder = lines(tmp_path / "in", *rows)
    assert metered(folder, entry({"cached_tokens": "late.x.y"}, empty_cached_is_zero=True))[2] == 4


def test_records_are_taken_out_of_lists_with_what_holds_them(tmp_path):
    document = {
        "data": [{"at": TIME, "results": [row(time=None), row(time=None, **{"in": 5})]}, {"at": TIME, "results": []}]
    }
    for name in ("doc.json", "doc.jsonl"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(json.dumps(document))
        assert metered(folder, entry({"time": "^at"}, records="data[].results[]")) == [2, 15, None, 6]
        with pytest.raises(InputError, match="allowed: at most 2 \\^"):
            metered(folder, entry({"time": "^^^at"}, records="data[].results[]"))
        with pytest.raises(InputError, match=r"no row has 'data\[\]\.result\[\]'"):
            metered(folder, entry({"time": "^at"}, records="data[].result[]"))
        # What the record does not have is not taken from what holds it unless asked.
        with pytest.raises(InputError, match="no row has 'at'"):
            metered(folder, entry({"time": "at"}, records="data[].results[]"))


def test_a_document_whose_rows_lie_in_a_list_says_which(tmp_path):
    folder = lines(tmp_path / "in", {"data": [{"results": [row()]}]})
    with pytest.raises(InputError, match=r"it has such keys in a list: records: data\[\]\.results\[\]"):
        metered(folder, entry())


@pytest.mark.parametrize("name", ["log.json", "log.jsonl"])
def test_a_list_of_json_is_its_entries(tmp_path, name):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text(json.dumps([row(), row()], indent=2))
    assert metered(tmp_path / "in", entry()) == [2, 20, None, 6]


def test_a_large_document_is_read_whole(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.json").write_text(json.dumps({"pad": "x" * 20_000_000, "data": [row()]}))
    assert metered(tmp_path / "in", entry(records="data[]"))[0] == 1


def test_attributes_are_columns(tmp_path):
    def span(prompt):
        return {
            "time": TIME,
            "attributes": [
                {"key": "use.in", "value": {"intValue": str(prompt)}},
                {"key": "out", "value": {"intValue": 2}},
            ],
        }

    document = {
        "resource": {"attributes": [{"key": "app", "value": {"stringValue": "shop"}}]},
        "spans": [span(4), span(6)],
    }
    folder = lines(tmp_path / "in", document)
    of = entry(
        {"input_tokens": "use.in", "tenant": "app", "model": "name?"},
        records="spans[]",
        attributes=["attributes", "^resource.attributes"],
    )
    sums, _ = sums_and_files(folder, of)
    assert sums.row(0)[3:7] == ("shop", None, 2, 10)
    with pytest.raises(InputError, match=r"no row has 'use\.inn'"):
        metered(
            folder, entry({"input_tokens": "use.inn", "model": "name?"}, records="spans[]", attributes=["attributes"])
        )


def test_columns_with_objects_are_entered(tmp_path):
    text = pl.DataFrame(
        {
            "time": [TIME] * 2,
            "model": ["A"] * 2,
            "in": [9, 9],
            "out": [1, 1],
            "meta": ['{"u": {"cached": 4}}', "no JSON"],
        }
    )
    write(text, tmp_path / "text/log.csv")
    of = entry({"cached_tokens": "meta.u.cached"}, empty_cached_is_zero=True)
    assert metered(tmp_path / "text", of) == [2, 18, 4, 2]
    struct = pl.DataFrame({"time": [TIME], "model": ["A"], "use": [{"in": 9, "out": 1}]})
    write(struct, tmp_path / "struct/log.parquet")
    assert metered(tmp_path / "struct", entry({"input_tokens": "use.in", "output_tokens": "use.out"}))[:2] == [1, 9]
    with pytest.raises(InputError, match=r"no row has 'meta\.u\.cache'"):
        metered(tmp_path / "text", entry({"cached_tokens": "meta.u.cache"}))


def test_rows_that_are_no_requests_and_special_ones_are_counted_apart(tmp_path):
    folder = lines(
        tmp_path / "in",
        row(kind="chat"),
        row(kind="Embed", **{"in": 500, "out": 0}),
        row(kind="chat", status="500"),
        row(kind="chat", status=500, hit=True),
        row(kind="chat", bulk="yes"),
        row(kind="note"),
        row(kind="chat", sound=9),
    )
    of = entry(
        {"other_tokens": "sound?"},
        where={"kind": {"not": "note"}},
        kinds={
            "batch": {"bulk": {"stated": True}},
            "embedding": {"kind": "embed"},
            "failure": {"status": [500, 502]},
            "cache_hit": {"hit": True},
        },
    )
    assert metered(folder, of) == [3, 30, None, 9]
    assert kinds_of(folder, of) == {
        "batch": (1, 10, 3),
        "embedding": (1, 500, 0),
        "failure": (2, 20, 6),
        "no request": (1, 0, 0),
        "other tokens": (1, 9, 0),
    }


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("a", 1),
        (["A", "b"], 2),
        ({"not": "a"}, 3),
        ({"not": ["a", "b"]}, 2),
        ({"stated": True}, 3),
        ({"stated": False}, 1),
        ({"matches": "^[ab]$"}, 2),
        ({"above": 4}, 1),
        ({"not": "a", "stated": True}, 2),
    ],
)
def test_conditions(tmp_path, condition, kept):
    folder = lines(tmp_path / "in", *(row(x=value) for value in ("a", "b", "5", None)))
    assert metered(folder, entry(where={"x": condition}))[0] == kept


@pytest.mark.parametrize(("keep", "answer"), [("last", 8), ("largest", 9)])
def test_of_rows_with_one_key_one_is_kept(tmp_path, keep, answer):
    times = (TIME, TIME.replace("10:", "11:"))
    folder = lines(
        tmp_path / "in",
        row(id="a", out=9, time=times[0]),
        row(id="a", out=8, time=times[1]),
        row(id="b", part=1, out=0),
        row(id="b", part=2, out=0),
        row(id=None, out=0),
        row(id=None, out=0),
    )
    lines(folder, row(id="a", out=8, time=times[1]), name="again.jsonl")
    of = entry(unique={"columns": ["id"], "keep": keep})
    assert metered(folder, of)[0] == 4
    assert metered(folder, of)[3] == answer
    assert kinds_of(folder, of) == {"repeated": (3, 0, 0)}
    assert (
        metered(folder, entry(unique={"columns": ["id", "part?"], "keep": keep}))[0] == 3 + 2 + 2
    )  # no whole key, no copy
    assert metered(folder, entry(unique={"columns": ["id"], "within_file": True}))[0] == 5


def test_names_are_carried_to_later_rows_of_the_file(tmp_path):
    times = [TIME.replace("10:", f"1{minute}:") for minute in range(4)]
    folder = lines(
        tmp_path / "in",
        row(time=times[2], model=None),
        {"time": times[1], "model": "B"},
        row(time=times[0], model=None),
    )
    lines(folder, row(time=times[3], model=None), name="other.jsonl")
    sums, _ = sums_and_files(folder, entry(carried=["model"], where={"in": {"stated": True}}))
    assert dict(sums.select("model", "requests").iter_rows()) == {None: 2, "B": 1}


def long(*rows, unit=None):
    names = ["day", "model", "type", "count"] + (["unit"] if unit else [])
    table = [",".join(names), *(",".join(map(str, each)) for each in rows)]
    return "\n".join(table) + "\n"


TYPES = {
    "columns": {"month": "day", "model": "model"},
    "token_types": {
        "column": "type",
        "amount": "count",
        "values": {
            "requests": ["calls"],
            "input_tokens": ["in", "write"],
            "cached_tokens": ["hit"],
            "output_tokens": ["Out"],
        },
    },
    "cached_in_input": False,
}


def test_rows_may_count_one_type_of_tokens_each(tmp_path):
    (tmp_path / "in").mkdir()
    file = tmp_path / "in/bill.csv"
    file.write_text(
        long(
            ("2026-01-02", "A", "in", 10),
            ("2026-01-02", "A", "write", 5),
            ("2026-01-03", "A", "hit", 7),
            ("2026-01-03", "A", "out", 3),
            ("2026-01-03", "A", "calls", 2),
        )
    )
    assert billed(tmp_path / "in", TYPES).row(0) == ("bill", "2026-01", "A", None, None, 2, 22, 7, 3)
    file.write_text(file.read_text() + "2026-01-03,A,images,4\n")
    with pytest.raises(
        InputError, match=r"type: found 'images', to which .*token_types gives no meaning; allowed: Out, calls, hit, in"
    ):
        billed(tmp_path / "in", TYPES)
    assert billed(tmp_path / "in", TYPES | {"kinds": {"image": {"type": "images"}}}).row(0)[5:] == (2, 22, 7, 3)


@pytest.mark.parametrize(
    ("unit", "factor"), [("1K tokens", 1000), ("1M", 10**6), ("1,000 Tokens", 1000), ("10k", 10_000)]
)
def test_units_multiply_tokens(tmp_path, unit, factor):
    (tmp_path / "in").mkdir()
    quoted = f'"{unit}"'
    (tmp_path / "in/bill.csv").write_text(
        long(("2026-01-02", "A", "in", 2.5, quoted), ("2026-01-02", "A", "out", ".25", quoted), unit=True)
    )
    found = billed(tmp_path / "in", TYPES | {"unit": {"column": "unit"}}).row(0)
    assert found[5] is None  # no row counts requests
    assert [int(value) for value in found[6:]] == [round(2.5 * factor), 0, round(0.25 * factor)]
    assert values.unit_factor(unit) == factor
    assert billed(tmp_path / "in", TYPES | {"unit": unit}).row(0) == found


@pytest.mark.parametrize("unit", ["tokens", "1"])
def test_a_part_of_a_token_is_a_fault(tmp_path, unit):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bill.csv").write_text(
        long(("2026-01-02", "A", "in", 2.5, unit), ("2026-01-02", "A", "out", 7, unit), unit=True)
    )
    for written in ({"column": "unit"}, "tokens"):
        with pytest.raises(InputError, match=r"input_tokens .*not whole numbers, such as '2\.5"):
            billed(tmp_path / "in", TYPES | {"unit": written})


@pytest.mark.parametrize("unit", ["Hours", "", "1G tokens", "1.000"])
def test_units_that_are_none_are_a_fault(tmp_path, unit):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bill.csv").write_text(
        long(("2026-01-02", "A", "in", "80.0", unit), ("2026-01-02", "A", "out", "1", "1K"), unit=True)
    )
    with pytest.raises(
        InputError, match=r"input_tokens \(column count\): 1 of 2 rows are not whole numbers, such as '80.0 in"
    ):
        billed(tmp_path / "in", TYPES | {"unit": {"column": "unit"}})
    assert values.unit_factor(unit) is None


def test_parts_of_a_text_are_columns(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bill.csv").write_text(
        "day,meter,count\n2026-01-02,EU-big-model-in,4\n2026-01-02,EU-big-model-out,5\n"
    )
    of = TYPES | {
        "columns": {"month": "day", "model": "model"},
        "parts": {"meter": "^EU-(?P<model>.+)-(?P<type>in|out)$"},
    }
    assert billed(tmp_path / "in", of).row(0)[2:9] == ("big-model", None, None, None, 4, 0, 5)
    (tmp_path / "in/bill.csv").write_text("day,meter,count\n2026-01-02,EU-big-model-in,4\n2026-01-02,US-x-in,5\n")
    with pytest.raises(InputError, match="found 'US-x-in', to which"):
        billed(tmp_path / "in", of)


@pytest.mark.parametrize(("time", "unit"), [(1767225600, "s"), (1767225600000, "ms")])
def test_months_may_be_numbers(tmp_path, time, unit):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bill.csv").write_text(f"at,in,out\n{time},4,5\n")
    of = {"columns": {"month": "at", "input_tokens": "in", "output_tokens": "out"}, "constants": {"model": "A"}}
    assert billed(tmp_path / "in", of | {"time_unit": unit})["month"].to_list() == ["2026-01"]
    with pytest.raises(InputError, match="months as 2026-01, or numbers with time_unit"):
        billed(tmp_path / "in", of)
    (tmp_path / "in/bill.csv").write_text("at,in,out\n5,4,5\n")
    with pytest.raises(InputError, match="are not such, such as '5'"):
        billed(tmp_path / "in", of | {"time_unit": unit})


def test_faults_of_shaped_rows_are_left_out_with_their_count(tmp_path):
    folder = lines(tmp_path / "in", row(write=1), row(write=-1), row(write=1, time="noon"))
    of = entry({"input_tokens": ["in", "write"]})
    sums, files = sums_and_files(folder, of, leave_out=True)
    assert int(sums["requests"].sum()) == 1
    assert files.select("rows", "rows_left_out").row(0) == (3, 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": {"time": "t", "model": "m"}}, "columns: missing key input_tokens or output_tokens"),
        ({"parts": {"x": "("}}, r"parts\.x: found '\('"),
        ({"parts": {"x": "(a)"}}, "allowed: groups with names"),
    ],
)
def test_meanings_that_cannot_be_are_refused(tmp_path, changes, said):
    usage = usage_files.DEFAULTS | {"regions": {}, "logs": {"log": spec() | changes}}
    with pytest.raises(InputError, match=said):
        usage_files._check_meaning(usage, tmp_path / "u.yaml")


requests = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 10**5)),
    min_size=1,
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(rows=requests, split=st.integers(0, 11), order=st.randoms(use_true_random=False))
def test_shaped_sums_are_those_of_plain_rows_however_often_each_is_written(tmp_path_factory, rows, split, order):
    folder = tmp_path_factory.mktemp("shape")
    plain = [
        {"time": f"2026-01-01T0{hour}:00:00Z", "model": "A", "in": first + second, "out": answer}
        for hour, first, second, answer in rows
    ]
    expected = metered(lines(folder / "plain", *plain), entry(repeats="keep"))
    shaped = [
        {
            "model": "A",
            "use": {"a.b": first, "c": second, "out": answer},
            "id": number,
            "time": f"2026-01-01T0{hour}:00:00Z",
        }
        for number, (hour, first, second, answer) in enumerate(rows)
    ]
    copies = shaped + shaped[:split]
    order.shuffle(copies)
    lines(folder / "in", {"items": copies[: len(copies) // 2]}, {"items": copies[len(copies) // 2 :]})
    of = entry(
        {"input_tokens": ["use.a.b", "use.c"], "output_tokens": "use.out"},
        records="items[]",
        unique={"columns": ["id"]},
    )
    assert metered(folder / "in", of) == expected
