"""Corrections of published rows: made where they fit, refused where they do not."""

from pathlib import Path

import polars as pl
import pytest
from inference_energy.corpus.corrections import corrected
from messages import message_of
from polars.testing import assert_frame_equal

PLACE = Path("corrections.csv")
WHY = {"reason": "typo", "evidence": "the paper", "url": "https://example.org"}


def corrections(*changes):
    """Corrections of oviedo 04, an 8-GPU row of 3732.4 tok/s, unless a change says otherwise."""
    row = {"source": "oviedo", "row_id": "04", "column": "gpus", "published": "8", "corrected": "16"} | WHY
    return pl.DataFrame([row | change for change in changes], schema_overrides={"published": pl.String})


def row_of(rows, row_id, source="oviedo"):
    return rows.filter(source=source, row_id=row_id).row(0, named=True)


def test_no_correction_changes_nothing(rows):
    assert_frame_equal(corrected(rows, corrections({}).clear(), PLACE), rows, check_exact=True)


def test_what_is_derived_is_computed_again_and_other_rows_stay(rows):
    scope = {"column": "throughput_scope", "published": "node", "corrected": "instance"}
    after = corrected(rows, corrections({}, scope), PLACE)
    assert row_of(after, "04")["output_tok_per_s_per_gpu"] == pytest.approx(3732.4 / 16)
    assert (row_of(after, "04")["gpus"], row_of(after, "04")["throughput_scope"]) == (16, "instance")
    elsewhere = ~((pl.col("source") == "oviedo") & (pl.col("row_id") == "04"))
    assert_frame_equal(after.filter(elsewhere), rows.filter(elsewhere), check_exact=True)
    assert after.schema == rows.schema


def test_the_published_table_stays_as_it_is(rows):
    before = rows.clone()
    corrected(rows, corrections({}), PLACE)
    assert_frame_equal(rows, before)


def test_value_that_was_not_published(rows):
    added = {"column": "pipeline_parallel", "published": None, "corrected": "2"}
    assert row_of(corrected(rows, corrections(added), PLACE), "04")["pipeline_parallel"] == 2


def test_value_that_turns_out_to_be_unknown(rows):
    unknown = {"column": "input_tokens", "published": "128", "corrected": None}
    assert row_of(corrected(rows, corrections(unknown), PLACE), "04")["input_tokens"] is None


def test_value_that_the_row_cannot_do_without(rows):
    assert message_of(corrected, rows, corrections({"corrected": None}), PLACE) == (
        f"{PLACE}: column gpus: found None in row 04; allowed: a number, as the throughput is not that of one GPU"
    )


def test_text_is_corrected_too(rows):
    engine = {"column": "engine_version", "published": "0.19", "corrected": "0.20"}
    assert row_of(corrected(rows, corrections(engine), PLACE), "04")["engine_version"] == "0.20"


def test_number_may_be_written_otherwise(rows):
    speed = {"column": "throughput_tok_per_s", "published": "3732.40", "corrected": "3.7e3"}
    assert row_of(corrected(rows, corrections(speed), PLACE), "04")["throughput_tok_per_s"] == 3700


FAULTS = {
    "no such column": ({"column": "watts"}, "04: column: found 'watts'; allowed: concurrency, "),
    "name of the row": ({"column": "row_id"}, "04: column: found 'row_id'; allowed: "),
    "derived column": ({"column": "output_tok_per_s_per_gpu"}, "04: column: found 'output_tok_per_s_per_gpu'"),
    "place of the row": ({"column": "line"}, "04: column: found 'line'"),
    "no such row": ({"row_id": "99"}, "99: no such row in the throughput table"),
    "no such source": ({"source": "nobody"}, "corrections.csv: nobody 04: no such row"),
    "another value": ({"published": "4"}, "04: gpus: published: found '4'; the row says 8"),
    "value where nothing is": (
        {"column": "pipeline_parallel", "published": "1"},
        "04: pipeline_parallel: published: found '1'; the row says None",
    ),
    "nothing where a value is": ({"published": None}, "04: gpus: published: found None; the row says 8"),
    "published is no number": ({"published": "eight"}, "04: published: found 'eight'; allowed: a value of the column"),
    "corrected is no number": ({"corrected": "many"}, "04: corrected: found 'many'; allowed: a value of the column"),
    "corrected is no whole number": ({"corrected": "8.5"}, "04: corrected: found '8.5'; allowed: "),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(rows, fault):
    change, expected = FAULTS[fault]
    message = message_of(corrected, rows, corrections(change), PLACE)
    assert message.startswith("corrections.csv: ")
    assert expected in message


OUT_OF_RANGE = [
    ("gpus", "8", "0"),
    ("gpus", "8", "-8"),
    ("throughput_tok_per_s", "3732.4", "-1"),
    ("throughput_tok_per_s", "3732.4", "nan"),
    ("throughput_tok_per_s", "3732.4", "inf"),
    ("throughput_tok_per_s", "3732.4", None),
    ("throughput_scope", "node", "rack"),
    ("precision", "FP8", "FP7"),
    ("published_on", "2025-05", "May"),
]


@pytest.mark.parametrize(("column", "published", "right"), OUT_OF_RANGE)
def test_value_that_the_column_cannot_hold(rows, column, published, right):
    change = {"column": column, "published": published, "corrected": right}
    message_of(corrected, rows, corrections(change), PLACE)


# The corrections of this project.


def test_known_errors_fit_the_corpus(corpus):
    after = corrected(corpus["throughput"], corpus["correction"], PLACE)
    third = row_of(after, "03")
    assert (third["gpus"], third["nodes"], third["pipeline_parallel"]) == (16, 2, 2)
    assert third["output_tok_per_s_per_gpu"] == pytest.approx(579.63 / 16)
    assert row_of(corpus["throughput"], "03")["output_tok_per_s_per_gpu"] == pytest.approx(579.63 / 8)


def test_only_rows_with_a_known_error_change(corpus):
    after = corrected(corpus["throughput"], corpus["correction"], PLACE)
    named = corpus["correction"].select("source", "row_id").unique()
    keys = ["source", "row_id"]
    assert_frame_equal(
        after.join(named, on=keys, how="anti", maintain_order="left"),
        corpus["throughput"].join(named, on=keys, how="anti", maintain_order="left"),
        check_exact=True,
    )
    assert sorted(named["row_id"]) == ["01", "03", "14", "15", "16", "17", "18", "20", "21"]
