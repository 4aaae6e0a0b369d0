"""What a newer file of a known source changes is told by row."""

import polars as pl
from inference_energy.records.refreshed import SHOWN, change_lines


def rows(**throughput):
    """Rows of one file by name and throughput, each on a line of its own."""
    return {
        "throughput": pl.DataFrame(
            {
                "row_id": list(throughput),
                "throughput_tok_per_s": list(throughput.values()),
                "file": "a.json",
                "line": range(len(throughput)),
            },
            schema_overrides={"throughput_tok_per_s": pl.String},
        )
    }


def test_rows_added_changed_and_gone():
    assert change_lines(rows(a="1", b="2", c="3"), rows(d="4", b="2.5", a="1")) == [
        "throughput: 3 rows before, 3 now: 1 added, 1 changed, 1 gone",
        "  added: d",
        "  changed: b: throughput_tok_per_s 2 -> 2.5",
        "  gone: c",
    ]


def test_a_row_that_moved_to_another_line_did_not_change():
    assert change_lines(rows(a="1", b="2"), rows(b="2", a="1")) == [
        "throughput: 2 rows before, 2 now: 0 added, 0 changed, 0 gone"
    ]


def test_a_table_that_is_new_or_gone():
    new = rows(a="1")
    assert change_lines({}, new)[0] == "throughput: 0 rows before, 1 now: 1 added, 0 changed, 0 gone"
    assert change_lines(new, {})[0] == "throughput: 1 rows before, 0 now: 0 added, 0 changed, 1 gone"


def test_many_rows_are_counted():
    many = {f"r{number}": "1" for number in range(SHOWN + 3)}
    assert change_lines({}, rows(**many))[-1] == "  added: and 3 more"
