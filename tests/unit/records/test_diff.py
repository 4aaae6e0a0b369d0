"""What differs between two versions of a table, by numbers that can be done by hand."""

import polars as pl
import pytest
from inference_energy.records.diff import table_change

BEFORE = pl.DataFrame(
    {
        "study": ["a", "a", "b"],
        "query": ["short", "long", "long"],
        "energy_wh_p05": [1.0, 10.0, 5.0],
        "energy_wh_p50": [2.0, 20.0, 8.0],
        "energy_wh_p95": [5.0, 50.0, 9.0],
        "energy_wh_p50_se": [0.03, 0.3, 0.1],
        "note": ["n", None, "m"],
    }
)
KEY = ["study", "query"]


def changed(column, row, value, before=BEFORE):
    values = before[column].to_list()
    values[row] = value
    return before.with_columns(pl.Series(column, values, dtype=before[column].dtype))


def test_equal_tables_do_not_differ():
    assert not table_change(BEFORE, BEFORE, KEY)
    assert not table_change(BEFORE, BEFORE.reverse(), KEY)


def test_a_move_is_told_in_relative_terms_and_against_its_own_uncertainty():
    now = changed("energy_wh_p50_se", 0, 0.04, changed("energy_wh_p50", 0, 2.5))
    change = table_change(BEFORE, now, KEY)
    # The largest relative change first: the error by a third, then the median by a quarter.
    assert change.moves["column"].to_list() == ["energy_wh_p50_se", "energy_wh_p50"]
    error, median = change.moves.to_dicts()
    assert (median["row"], median["before"], median["now"]) == ("a, short", 2.0, 2.5)
    assert median["relative"] == pytest.approx(0.25)
    assert median["of_interval"] == pytest.approx(0.5 / (5 - 1))
    assert median["standard_errors"] == pytest.approx(0.5 / 0.05)  # 3, 4, 5
    assert error["of_interval"] is None and error["standard_errors"] is None
    assert change.changed_rows == ["a, short"]


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        (("p05", "p50", "p95"), "p50"),
        (("ours_wh_p05", "ours_wh_p50", "ours_wh_p95"), "ours_wh_p50"),
        (("computed_p05", "computed", "computed_p95"), "computed"),
        (("predicted_p05_unseen", "predicted_mean_unseen", "predicted_p95_unseen"), "predicted_mean_unseen"),
    ],
)
def test_the_interval_of_a_number_is_found_by_its_name(columns, column):
    before = pl.DataFrame({"key": ["k"]} | dict(zip(columns, ([1.0], [2.0], [3.0]), strict=True)))
    move = table_change(before, before.with_columns(pl.lit(3.0).alias(column)), ["key"]).moves.row(0, named=True)
    assert move["of_interval"] == 0.5


def test_rows_that_are_new_or_gone_are_named_and_are_no_moves():
    change = table_change(BEFORE, pl.concat([BEFORE[1:], changed("study", 0, "c")[:1]]), KEY)
    assert (change.added, change.removed, len(change.moves)) == (["c, short"], ["a, short"], 0)
    assert (change.rows_before, change.rows) == (3, 3)


def test_texts_are_told_apart_from_numbers():
    change = table_change(BEFORE, changed("note", 1, "x"), KEY)
    assert change.texts.to_dicts() == [{"row": "a, long", "column": "note", "before": None, "now": "x"}]
    assert change.changed_rows == ["a, long"] and len(change.moves) == 0


def test_a_number_that_appears_or_disappears_has_no_relative_change():
    for before, now in ((None, 1.0), (1.0, None), (0.0, 1.0)):
        frames = (pl.DataFrame({"key": ["k"], "x": pl.Series([value], dtype=pl.Float64)}) for value in (before, now))
        (move,) = table_change(*frames, ["key"]).moves.to_dicts()
        assert (move["before"], move["now"], move["relative"]) == (before, now, None)


def test_last_digits_of_another_processor_are_no_move():
    assert not table_change(BEFORE, changed("energy_wh_p50", 0, 2.00000001), KEY)


def test_a_null_is_a_part_of_a_name():
    frame = pl.DataFrame({"model": ["m", "m"], "gpu": [None, "H100"], "x": [1.0, 2.0]})
    change = table_change(frame, frame.with_columns(pl.Series("x", [1.0, 3.0])), ["model", "gpu"])
    assert change.changed_rows == ["m, H100"]


def test_numbers_that_name_a_row_may_be_written_as_whole_or_not():
    whole = pl.DataFrame({"tokens": [500], "x": [1.0]})
    assert not table_change(whole, whole.cast({"tokens": pl.Float64}), ["tokens"])


def test_rows_without_names_are_other_rows_once_anything_differs():
    before = pl.DataFrame({"x": [1.0, 1.0, 2.0]})
    change = table_change(before, pl.DataFrame({"x": [1.0, 3.0]}), [])
    assert (change.added, change.removed, len(change.moves)) == (["3.0"], ["2.0"], 0)


def test_a_key_that_does_not_name_rows_is_no_key():
    before = pl.DataFrame({"key": ["k", "k"], "x": [1.0, 2.0]})
    change = table_change(before, before.with_columns(x=pl.col("x") * 2), ["key"])
    assert change.added == ["k, 4.0"] and change.removed == ["k, 1.0"]


def test_columns_of_one_version_alone_are_named_and_the_others_compared():
    now = changed("energy_wh_p50", 0, 4.0).rename({"note": "remark"})
    change = table_change(BEFORE, now, KEY)
    assert (change.new_columns, change.lost_columns, len(change.moves)) == (["remark"], ["note"], 1)


def test_a_column_that_was_all_empty_is_compared_as_numbers():
    empty = pl.DataFrame({"key": ["k"], "x": pl.Series([None], dtype=pl.String)})
    (move,) = table_change(empty, pl.DataFrame({"key": ["k"], "x": [2.0]}), ["key"]).moves.to_dicts()
    assert (move["before"], move["now"]) == (None, 2.0)
