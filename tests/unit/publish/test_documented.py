"""Parts of documents are written between their marks, with numbers of the tables."""

import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.headline.answers import EXPECTED, MEDIAN, Answer
from inference_energy.publish import documented

BEGIN, END = "<!-- answers: written by `make readme` -->", "<!-- end of answers -->"


def test_text_outside_the_marks_is_kept():
    written = documented.filled(f"before\n{BEGIN}\nold\n{END}\nafter\n", "A.md", {"answers": ["new", "lines"]})
    assert written == f"before\n{BEGIN}\nnew\nlines\n{END}\nafter\n"
    assert documented.filled(written, "A.md", {"answers": ["new", "lines"]}) == written


@pytest.mark.parametrize("mark", [BEGIN, END])
def test_a_missing_mark_is_reported(mark):
    with pytest.raises(InputError, match=r"^A\.md: found no line "):
        documented.filled(f"{BEGIN}\n{END}\n".replace(mark, ""), "A.md", {"answers": []})


def test_answers_by_hand():
    common = {"study": "s", "p05": 0.00956, "p95": 1.243, "covered": "uncertainty"}
    told = [
        Answer(question="A query", statistic=MEDIAN, value=0.1223, unit="Wh", published=0.31, **common),
        Answer(question="A fleet", statistic=EXPECTED, value=943.4, unit="GWh/day", published=None, **common),
    ]
    assert documented.answer_lines(told, "The paper") == [
        "| | | answer | P5–P95 | The paper prints |",
        "|---|---|---|---|---|",
        "| A query | median over queries | **0.12 Wh** | 0.0096–1.2 | 0.31 |",
        "| A fleet | expected value | **940 GWh/day** | 0.0096–1.2 | – |",
    ]


def test_scores_by_hand():
    rows = [
        ("energy_at_batch", left_out, group, 2030, 0.987, 1.523, 0.9187)
        for left_out in ("gpu", "source", "model")
        for group in ("all", "campaign: x")
    ]
    columns = ["score", "left_out", "group", "rows", "median_ratio", "factor", "coverage_90"]
    scores = pl.DataFrame([*rows, ("offline_time", "version", "all", 7, 1.0, 1.45, None)], columns, orient="row")
    assert documented.score_lines(scores)[2:] == [
        f"| {name} | 2,030 | 1.52× | 0.99 | 92 % |" for name in ("the benchmark campaign", "the model", "the GPU")
    ]
    assert documented.every_score_lines(scores)[-1] == "| `offline_time` | the version | 7 | 1.45× | 1.00 | – |"


def test_statements_by_hand():
    columns = ["service", "quantity", "boundary", "unit", "stated", "predicted_p05", "predicted_p50", "predicted_p95"]
    rows = [
        ("A", "nodes", "node", "count", 226.75, 166.0, 475.0, 2503.0),
        ("B", "mean energy of its queries", "gpu_boards", "Wh", 0.1, 0.057, 0.1422, 0.38),
    ]
    fleets = pl.DataFrame(rows, columns, orient="row").with_columns(ratio=pl.col("predicted_p50") / pl.col("stated"))
    assert documented.stated_lines(fleets)[2:] == [
        "| A, nodes | 227 | 480 (170–2,500) | 2.09 |",
        "| B, mean energy of its queries, GPU boards | 0.10 Wh | 0.14 (0.057–0.38) Wh | 1.42 |",
    ]


def test_classes_and_workloads_take_the_median_over_queries_and_the_mean_of_the_fleet():
    energy = pl.DataFrame(
        [
            {
                "workload": workload,
                "subject": "small",
                "spread": spread,
                "energy_wh_p05": low,
                "energy_wh_p50": 0.2,
                "energy_wh_p95": 0.9,
                "energy_wh_mean": 0.4,
            }
            for workload in documented.WORKLOADS
            for spread, low in (("untrimmed", 0.01), ("shared", 0.1), ("per_query", 7.0))
        ]
    )
    told = "0.20 (0.010–0.90) | 0.40 (0.10–0.90)"
    assert documented.class_lines(energy, {"small": "Small"})[-1] == f"| Small | {told} | {told} |"
    assert documented.workload_lines(energy, "small")[2] == f"| traditional | {told} |"
