"""Requests added up exactly: by hand, in any order, format and number of files; faults in one line with counts."""

import hashlib
import logging
import time
from contextlib import suppress
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.statement.logs import metering
from polars.testing import assert_frame_equal
from usage_logs import ROWS, frame, metered, parquet_with, spec, write

NAIVE = frame().with_columns(pl.col("time").str.replace("Z", ""))
NUMBERS = frame().with_columns(pl.col("time").str.to_datetime(time_zone="UTC").dt.epoch("ms"))


def sums_of(sums: pl.DataFrame) -> dict[tuple, tuple]:
    return {(row[1] // 3_600_000_000 % 24, *row[2:5]): tuple(map(int, row[5:])) for row in sums.iter_rows()}


# requests, prompts, cached, answers, prompts x answers, answers squared
BY_HAND = {
    (0, "A", "x", "eu"): (2, 3000, 500, 600, 1000 * 500 + 2000 * 100, 500**2 + 100**2),
    (1, "A", "x", "eu"): (1, 10, 10, 1, 10, 1),
    (1, "B", "y", "us"): (1, 7, 0, 0, 0, 0),
}


@pytest.mark.parametrize("name", ["log.parquet", "log.csv", "log.jsonl"])
def test_sums_are_those_made_by_hand(tmp_path, name):
    write(frame(), tmp_path / "in" / name)
    sums, files = metered(tmp_path / "in")
    assert sums_of(sums) == BY_HAND
    assert files.select("rows", "rows_left_out").row(0) == (4, 0)


@pytest.mark.slow
def test_times_of_all_kinds_are_the_same(tmp_path):
    expected, _ = metered(write(frame(), tmp_path / "utc" / "log.parquet").parent)
    berlin = NAIVE.with_columns(
        pl.col("time").str.to_datetime(time_zone="UTC").dt.convert_time_zone("Europe/Berlin").dt.replace_time_zone(None)
    )
    offset = frame().with_columns(pl.col("time").str.replace("T0(\\d)", "T1$1").str.replace("Z", "+10:00"))
    cases = {
        "naive.csv": (NAIVE, spec(time_zone="UTC")),
        "berlin.csv": (berlin.with_columns(pl.col("time").dt.to_string("%F %T")), spec(time_zone="Europe/Berlin")),
        "berlin.parquet": (berlin, spec(time_zone="Europe/Berlin")),
        "offset.csv": (offset, spec()),
        "numbers.parquet": (NUMBERS, spec(time_unit="ms")),
        "numbers.csv": (NUMBERS, spec(time_unit="ms")),
        "seconds.jsonl": (NUMBERS.with_columns(pl.col("time") // 1000), spec(time_unit="s")),
        "nanoseconds.parquet": (NUMBERS.with_columns(pl.col("time") * 1_000_000), spec(time_unit="ns")),
        "relative.jsonl": (
            NUMBERS.with_columns(pl.col("time") - 1767225600000),
            spec(time_unit="ms", time_start="2026-01-01T01:00:00+01:00"),
        ),
    }
    for name, (rows, entry) in cases.items():
        folder = tmp_path / name
        write(rows, folder / name)
        assert_frame_equal(metered(folder, entry)[0], expected), name


def test_columns_that_are_not_there_are_constants_or_nothing(tmp_path):
    write(frame().drop("model", "team", "place", "cached"), tmp_path / "in" / "log.csv")
    columns = {"model": None, "tenant": None, "region": None, "cached_tokens": None}
    sums, _ = metered(tmp_path / "in", spec(columns=columns, constants={"model": "M", "region": "eu"}))
    assert sums["model"].unique().to_list() == ["M"]
    assert sums["region"].unique().to_list() == ["eu"]
    assert sums["tenant"].null_count() == sums["cached_tokens"].null_count() == 2


def test_prompts_that_leave_the_cached_out_are_added_to(tmp_path):
    write(frame(), tmp_path / "in" / "log.parquet")
    sums, _ = metered(tmp_path / "in", spec(cached_in_input=False))
    hour = sums.row(0, named=True)
    assert int(hour["input_tokens"]) == 1000 + 2500
    assert int(hour["input_output_tokens2"]) == 1000 * 500 + 2500 * 100


def test_json_lines_may_nest(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/log.jsonl").write_text(
        '{"at": 1767225600, "usage": {"in": 5, "out": 2, "details": {"cached": 3}}}\n'
        '{"at": 1767225600, "usage": {"in": 4, "out": 1}}\n'
    )
    columns = {"time": "at", "input_tokens": "usage.in", "output_tokens": "usage.out"}
    columns |= {"cached_tokens": "usage.details.cached", "model": None, "tenant": None, "region": None}
    entry = spec(columns=columns, time_unit="s", constants={"model": "M"})
    with pytest.raises(InputError, match=r"cached_tokens .*: 1 of 2 rows are empty; allowed: .*empty_cached_is_zero"):
        metered(tmp_path / "in", entry)
    sums, _ = metered(tmp_path / "in", entry | {"empty_cached_is_zero": True})
    assert [int(value) for value in sums.row(0)[5:]] == [2, 9, 3, 3, 14, 5]


def test_names_of_folders_are_columns(tmp_path):
    rows = frame().drop("place")
    write(rows.head(2), tmp_path / "in/place=eu/log.parquet")
    write(rows.tail(2), tmp_path / "in/place=us/log.parquet")
    entry = spec(files=["."])
    sums, _ = metered(tmp_path / "in", entry)
    assert set(sums["region"]) == {"eu", "us"}


def test_largest_tokens_add_up_exactly(tmp_path):
    most = 2**27 - 1
    path = tmp_path / "in/log.parquet"
    parquet_with(
        path,
        f"SELECT TIMESTAMPTZ '2026-01-01 00:00:00Z' AS time, 'A' AS model, {most} AS prompt, 0 AS cached,"
        f" {most} AS answer, 'x' AS team, 'eu' AS place FROM range(1000)",
    )
    sums, _ = metered(tmp_path / "in")
    assert sums["output_tokens2"][0] == Decimal(1000 * most**2)  # beyond what 53 or 63 bits hold


requests = st.lists(
    st.tuples(
        st.integers(0, 5 * 3600 - 1),
        st.sampled_from(["A", "B", None]),
        st.integers(0, 200_000),
        st.floats(0, 1),
        st.integers(0, 50_000),
        st.sampled_from(["x", "y"]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.slow
@settings(max_examples=15)
@given(rows=requests, cuts=st.integers(1, 4), order=st.randoms(use_true_random=False))
def test_order_files_and_shards_change_nothing(tmp_path_factory, rows, cuts, order):
    folder = tmp_path_factory.mktemp("log")
    table = frame(
        [
            (
                f"2026-01-01T0{second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}Z",
                model,
                prompt,
                int(prompt * share),
                answer,
                team,
                "eu",
            )
            for second, model, prompt, share, answer, team in rows
        ]
    ).cast({"model": pl.String})
    write(table, folder / "one/log.parquet")
    whole, _ = metered(folder / "one")
    positions = list(range(len(table)))
    order.shuffle(positions)
    shards = []
    for number in range(cuts):
        part = table[positions[number::cuts]]
        write(part, folder / f"shard{number}/log.{('parquet', 'csv')[number % 2]}")
        shard, _ = metered(folder / f"shard{number}")
        shard.write_parquet(folder / f"{number}.parquet")
        shards.append(str(folder / f"{number}.parquet"))
    assert_frame_equal(metering.gathered(shards, folder), whole)
    assert_frame_equal(metering.gathered(shards[::-1], folder), whole)
    twice = metering.gathered([*shards, *shards], folder)
    assert twice["output_tokens"].to_list() == [2 * value for value in whole["output_tokens"]]


def test_steps_divide_the_day(tmp_path):
    write(frame(), tmp_path / "in/log.parquet")
    assert len(metered(tmp_path / "in", step_minutes=30)[0]) == 4
    assert len(metered(tmp_path / "in", step_minutes=1440)[0]) == 2  # two models


def changed(column: str, row: int, value) -> pl.DataFrame:
    rows = [list(values) for values in ROWS]
    rows[row][["time", "model", "prompt", "cached", "answer", "team", "place"].index(column)] = value
    return frame([tuple(values) for values in rows])


TEXT = dict.fromkeys(("prompt", "cached", "answer"), pl.String)


@pytest.mark.parametrize(
    ("name", "rows", "entry", "told"),
    [
        ("log.parquet", changed("prompt", 0, -1), {}, r"\(column prompt\): 1 of 4 rows are negative, such as '-1'"),
        ("log.csv", changed("answer", 1, None), {}, r"output_tokens \(column answer\): 1 of 4 rows are empty"),
        ("log.jsonl", changed("answer", 1, None), {}, r"output_tokens \(column answer\): 1 of 4 rows are empty"),
        ("log.parquet", changed("answer", 1, None), {}, r"output_tokens \(column answer\): 1 of 4 rows are empty"),
        ("log.parquet", changed("cached", 0, 1001), {}, "cached_tokens .* 1 of 4 rows are more than input_tokens"),
        ("log.parquet", changed("prompt", 0, 2**31), {}, "input_tokens .* 1 of 4 rows are too many"),
        ("log.parquet", changed("prompt", 0, 2**62), {}, "input_tokens .* 1 of 4 rows are too many"),
        ("log.csv", frame().cast(TEXT).with_columns(answer=pl.Series(["5", "abc", "7.5", "nan"])), {},
         "output_tokens .* 3 of 4 rows are not whole numbers, such as '7.5', 'abc' or 'nan'"),
        ("log.parquet", frame().with_columns(prompt=pl.Series([1.0, 2.5, float("nan"), float("inf")])), {},
         "input_tokens .* 3 of 4 rows are not whole numbers"),
        ("log.csv", changed("time", 0, "yesterday"), {}, "time .* 1 of 4 rows are not such, such as 'yesterday'"),
        ("log.csv", changed("time", 2, ""), {}, "time .* 1 of 4 rows are not such"),
        ("log.csv", changed("time", 2, "1026-01-01T00:00:00Z"), {}, "time .* 1 of 4 rows .* years 2015 to 2099"),
        ("log.csv", NAIVE, {}, "time .* 4 of 4 rows are without an offset"),
        ("log.csv", frame(), {"time_zone": "UTC"}, "time .* 4 of 4 rows are with an offset of their own"),
        ("log.csv", changed("time", 2, "2026-01-01 00:00:00"), {}, "time .* 1 of 4 rows are without an offset"),
        ("log.parquet", NAIVE.with_columns(pl.col("time").str.to_datetime()), {}, "without an offset; .*time_zone"),
        ("log.parquet", NUMBERS, {}, "time .*: found numbers; allowed: with .*time_unit"),
        ("log.parquet", NUMBERS, {"time_unit": "s"}, "time .* 4 of 4 rows are not such"),
        ("log.parquet", frame(), {"time_unit": "s"}, "found values of type TIMESTAMP WITH TIME ZONE; allowed: numbers"),
        ("log.parquet", frame().with_columns(prompt=pl.lit(True)), {}, "values of type BOOLEAN; allowed: whole"),
        ("log.parquet", frame().drop("answer"), {}, "no column 'answer' for output_tokens .*; allowed: .*cached"),
        ("log.csv", frame().drop("time"), {}, "no column 'time' for time"),
    ],
)  # fmt: skip
def test_faults_are_told_in_one_line_with_counts(tmp_path, name, rows, entry, told):
    write(rows, tmp_path / "in" / name)
    with pytest.raises(InputError, match=told) as error:
        metered(tmp_path / "in", spec(**entry))
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "in" / name))


def test_wrong_rows_are_counted_and_left_out_where_that_is_asked(tmp_path):
    write(changed("prompt", 0, -1), tmp_path / "in/bad.parquet")
    write(changed("time", 3, "never").head(3), tmp_path / "in/good.csv")
    write(changed("answer", 3, 2**62), tmp_path / "in/worse.parquet")
    sums, files = metered(tmp_path / "in", leave_out=True)
    assert files["rows_left_out"].to_list() == [1, 0, 1]
    assert int(sums["requests"].sum()) == 3 + 3 + 3
    assert metering.told(files).endswith("11 rows; 2 rows with a fault left out")


@pytest.mark.parametrize("cut", [0, 10, 200, -4])
def test_truncated_parquet_is_named(tmp_path, cut):
    whole = write(frame(), tmp_path / "in/a.parquet").read_bytes()
    (tmp_path / "in/b.parquet").write_bytes(whole[:cut])
    with pytest.raises(InputError, match=r"b\.parquet: cannot be read as parquet: .*; allowed: a whole file") as error:
        metered(tmp_path / "in")
    assert "\n" not in str(error.value)


def test_parquet_with_a_wrecked_page_is_named(tmp_path):
    good = write(frame(), tmp_path / "in/a.parquet").read_bytes()
    start = good.index(b"PAR1") + 4
    (tmp_path / "in/b.parquet").write_bytes(good[:start] + b"\xff" * 60 + good[start + 60 :])
    with pytest.raises(InputError, match=r"b\.parquet: cannot be read as parquet"):
        metered(tmp_path / "in")


def test_statistics_of_parquet_are_not_believed(tmp_path):
    """A wrong value is found even where the file claims that it has none."""
    wrong, claimed = ((value).to_bytes(8, "little", signed=True) for value in (-123_456_789, 1))
    path = tmp_path / "in/log.parquet"
    path.parent.mkdir()
    rows = changed("prompt", 0, -123_456_789).with_columns(pl.col("time").str.to_datetime(time_zone="UTC"))
    rows.with_columns(cached=-123_456_790).write_parquet(path, compression="uncompressed", statistics=True)
    content = path.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    assert wrong in content[footer:]
    path.write_bytes(content[:footer] + content[footer:].replace(wrong, claimed))
    with pytest.raises((InputError, RuntimeError), match=r"negative|not sound"):
        metered(tmp_path / "in", spec(columns={"cached_tokens": None}))


def test_broken_text_is_named(tmp_path):
    write(frame(), tmp_path / "in/log.jsonl").open("a").write('{"time": "2026\n')
    with pytest.raises(InputError, match=r"log\.jsonl line 5: found no whole JSON object") as error:
        metered(tmp_path / "in")
    assert "\n" not in str(error.value)
    (tmp_path / "in/log.jsonl").unlink()
    (tmp_path / "in/empty.csv").touch()
    with pytest.raises(InputError, match=r"empty\.csv: "):
        metered(tmp_path / "in")


def test_files_without_rows_are_told_and_count_nothing(tmp_path):
    write(frame(), tmp_path / "in/a.parquet")
    write(frame().clear(), tmp_path / "in/b.parquet")
    write(frame().clear(), tmp_path / "in/c.csv")
    sums, files = metered(tmp_path / "in")
    assert sums_of(sums) == BY_HAND
    assert files["rows"].to_list() == [4, 0, 0]
    assert "2 without rows: " in metering.told(files)


def test_one_content_under_two_names_is_refused(tmp_path):
    write(frame(), tmp_path / "in/a.parquet")
    write(frame(), tmp_path / "in/b.parquet")
    _, files = metered(tmp_path / "in")
    with pytest.raises(InputError, match=r"b\.parquet: found the same 4 rows as in .*a\.parquet"):
        metering.check_repeats(files)
    metering.check_repeats(files.head(1))


@pytest.mark.parametrize("name", ["log.parquet", "log.csv", "log.jsonl"])
def test_long_names_are_cut_and_stay_apart(tmp_path, name):
    names = {"x": "x" * 40_000 + "1", "y": "x" * 40_000 + "2"}
    write(frame().with_columns(pl.col("team").replace(names)), tmp_path / "in" / name)
    sums, _ = metered(tmp_path / "in")
    tenants = sums["tenant"].unique().to_list()
    assert {len(tenant) for tenant in tenants} == {200}
    assert sorted(tenant[-12:] for tenant in tenants) == sorted(
        hashlib.sha256(tenant.encode()).hexdigest()[:12] for tenant in names.values()
    )
    assert sorted(map(len, sums["model"].unique())) == [1, 1]
    assert metering.cut_names(sums, sums) == [
        "tenant: 2 names of more than 200 characters are cut; each ends in a checksum of the whole"
    ]


def test_names_of_200_characters_stay(tmp_path):
    write(frame().with_columns(team=pl.lit("é" * 200)), tmp_path / "in/log.parquet")
    sums, _ = metered(tmp_path / "in")
    assert sums["tenant"].unique().to_list() == ["é" * 200]
    assert metering.cut_names(sums, sums) == []


@pytest.mark.slow
def test_deep_nesting_of_json_lines_takes_no_stack(tmp_path):
    path = write(frame(), tmp_path / "in/log.jsonl")
    deep = "[" * 1_000_000 + "]" * 1_000_000
    path.write_text(path.read_text().replace('"team"', f'"more": {deep}, "team"', 1))
    assert sums_of(metered(tmp_path / "in")[0]) == BY_HAND
    path.write_text(path.read_text().replace('"team": "x"', f'"team": {deep}', 1))
    tenants = metered(tmp_path / "in")[0]["tenant"].unique()
    assert sorted(len(tenant) for tenant in tenants) == [1, 1, 200]


def test_types_may_differ_between_files(tmp_path):
    write(frame(), tmp_path / "in/a.parquet")
    write(frame().cast({"prompt": pl.String, "answer": pl.Float64, "cached": pl.UInt64}), tmp_path / "in/b.parquet")
    write(frame(), tmp_path / "in/c.csv")
    sums, _ = metered(tmp_path / "in")
    assert sums_of(sums) == {key: tuple(3 * value for value in values) for key, values in BY_HAND.items()}


def test_progress_goes_to_the_log(tmp_path, caplog):
    write(frame(), tmp_path / "in/log.parquet")
    with caplog.at_level(logging.INFO):
        metered(tmp_path / "in")
    assert "meter 1 file: 4 rows in " in caplog.text


def test_plain_text_is_read_once(tmp_path, monkeypatch):
    """The rows of every file come from the pass that adds them up."""
    monkeypatch.setattr(metering, "row_counts", None)
    write(frame(), tmp_path / "csv/a.csv")
    write(frame().head(1), tmp_path / "csv/b.csv")
    write(frame().clear(), tmp_path / "csv/c.csv")
    write(frame(), tmp_path / "jsonl/a.jsonl")
    sums, files = metered(tmp_path / "csv")
    assert files["rows"].to_list() == [4, 1, 0]
    assert int(sums["requests"].sum()) == 5
    assert sums_of(metered(tmp_path / "jsonl")[0]) == BY_HAND


class NotPlainError(Exception):
    """The fast pass gave a file up."""


VALUES_OF_TEXT = {
    "cached": (
        "950.000", "7.5", " 8", "8 ", "\t8", "007", "+5", "-5", "1e2", "1_0", "1,000", "nan", "inf", "", "true", "5.",
        "5\u00a0", "1e400", "134217728", "NULL",
    ),
    "time": (
        "2026-01-01T00:10:00", "2026-01-01 00:10:00.5Z", "2026-01-01T00:10:00+02:00", "2026-01-01T00:10:00Z ",
        " 2026-01-01T00:10:00Z", "2026-01-01T00:10:00Z\u00a0", "2026-01-01", "epoch", "2014-12-31T23:59:59.999999Z",
        "01/02/2026 00:00:00",
    ),
    "team": ("", " x", '"x"', "x" * 201, "é" * 150),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "entry"), [("log.csv", {}), ("log.jsonl", {}), ("log.csv", {"time_zone": "Europe/Berlin"})]
)
def test_what_one_pass_reads_slower_passes_read_too(tmp_path, monkeypatch, name, entry):
    """Text with a value that one pass could read in another way is left to slower passes."""
    rows = (NAIVE if entry else frame()).cast(TEXT)
    read = {}
    with monkeypatch.context() as patch:
        patch.setattr(metering, "row_counts", lambda *_: (_ for _ in ()).throw(NotPlainError))
        for column, values in VALUES_OF_TEXT.items():
            for value in values:
                folder = tmp_path / str(len(list(tmp_path.iterdir())))
                write(rows.with_columns(pl.Series(column, [value, *rows[column][1:]])), folder / name)
                with suppress(NotPlainError):
                    read[folder, column, value] = metered(folder, spec(**entry))[0].rows()
    values = [key[1:] for key in read]
    assert ("cached", "1e2") in values
    assert ("cached", "950.000") not in values
    assert ("cached", "5\u00a0") not in values
    monkeypatch.setattr(metering, "_counted_if_plain", lambda *_: None)
    assert {key: metered(key[0], spec(**entry))[0].rows() for key in read} == read


@pytest.mark.parametrize("value", ["true", "[5]", '{"x": 5}', '"5 tokens"', "7.5"])
def test_values_of_json_that_are_no_numbers_are_faults(tmp_path, value):
    path = write(frame(), tmp_path / "in/log.jsonl")
    path.write_text(path.read_text().replace('"answer": 500', f'"answer": {value}'))
    with pytest.raises(InputError, match=r"output_tokens .*: 1 of 4 rows are not whole numbers"):
        metered(tmp_path / "in")


def test_first_of_equal_keys_of_json_counts(tmp_path):
    path = write(frame(), tmp_path / "in/log.jsonl")
    path.write_text(path.read_text().replace('"answer": 500', '"answer": 500, "answer": 1'))
    assert sums_of(metered(tmp_path / "in")[0]) == BY_HAND


def test_checksums_that_nobody_waits_for_are_not_computed(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(metering, "fingerprint", lambda path: done.append(path) or time.sleep(0.05))
    with pytest.raises(InputError), metering.checksums_of([str(n) for n in range(100)], 1):
        raise InputError("a fault")
    assert len(done) < 100
