"""Goals next to the scores that were reached, and the scoreboard as text."""

import polars as pl
import pytest
from inference_energy.validation import goals
from inference_energy.validation.goals import compared, lines, of_all, reached

KEYS = {"score": "energy_at_batch", "left_out": "source", "group": "all"}
GOAL = KEYS | {"factor": 1.5, "coverage": [0.85, 0.95]}
SCORE = KEYS | {"rows": 10, "median_ratio": 1.1, "factor": 1.4, "coverage_90": 0.9}


def scores(*rows):
    return pl.DataFrame([SCORE | row for row in rows], schema_overrides={"coverage_90": pl.Float64})


def verdict(goal=(), **score):
    (found,) = reached(scores(score), [GOAL | dict(goal)]).iter_rows(named=True)
    return found["met"], found["verdict"]


@pytest.mark.parametrize(
    ("score", "told"),
    [
        ({}, (True, "met")),
        ({"factor": 1.5, "coverage_90": 0.85}, (True, "met")),
        ({"coverage_90": 0.95}, (True, "met")),
        ({"coverage_90": 0.96}, (True, "met, intervals wide")),
        ({"factor": 1.501}, (False, "missed: factor")),
        ({"coverage_90": 0.849}, (False, "missed: coverage")),
        ({"coverage_90": None}, (False, "missed: coverage")),
        ({"factor": 2.0, "coverage_90": 0.5}, (False, "missed: factor and coverage")),
        ({"factor": 2.0, "coverage_90": 1.0}, (False, "missed: factor, intervals wide")),
        ({"median_ratio": 9.0}, (True, "met")),
    ],
)
def test_what_is_met(score, told):
    assert verdict(**score) == told


@pytest.mark.parametrize(("ratio", "met"), [(0.79, False), (0.8, True), (1.25, True), (1.26, False)])
def test_a_median_ratio_has_two_limits(ratio, met):
    told = "met" if met else "missed: median ratio"
    assert verdict({"median_ratio": [0.8, 1.25]}, median_ratio=ratio) == (met, told)


def test_a_goal_is_compared_with_the_score_of_its_own_group():
    rows = (
        {"left_out": "gpu", "factor": 9.0},
        {"group": "gpu: g", "factor": 9.0},
        {"score": "other", "factor": 9.0},
        {},
    )
    assert reached(scores(*rows), [GOAL])["factor"].to_list() == [1.4]


def test_a_goal_without_runs_is_missed():
    (found,) = reached(scores({}), [GOAL | {"group": "campaign: none"}]).iter_rows(named=True)
    assert (found["met"], found["verdict"], found["rows"]) == (False, goals.NOT_SCORED, None)


# Other methods.


def predictions(*rows):
    names = ("score", "left_out", "row_id", "predicted_p50", "predicted_p05", "predicted_p95")
    frame = pl.DataFrame(rows, schema=list(names), orient="row")
    return frame.with_columns(source=pl.lit("s"), measured=pl.lit(1.0))


HELD_OUT = predictions(
    ("energy_at_batch", "source", "a", 2.0, 0.5, 3.0),
    ("energy_at_batch", "source", "b", 3.0, 2.0, 4.0),
    ("energy_at_batch", "gpu", "a", 5.0, 0.5, 6.0),
    ("energy_at_batch, Peer", "none", "a", 4.0, None, None),
    ("energy_at_batch, regression", "gpu", "a", 3.0, 0.5, 4.0),
    ("energy_at_speed", "source", "a", 9.0, 8.0, 10.0),
)


def test_methods_are_compared_on_the_same_runs():
    found = {row["method"]: row for row in compared(HELD_OUT).iter_rows(named=True)}
    assert set(found) == {"Peer", "regression"}
    peer, regression = found["Peer"], found["regression"]
    assert (peer["rows"], peer["left_out"]) == (1, "none")
    assert (peer["factor"], peer["factor_of_this_work"]) == pytest.approx((4, 2))  # without b
    assert (peer["coverage_90"], peer["coverage_90_of_this_work"]) == (None, 1)
    assert (regression["factor"], regression["factor_of_this_work"]) == pytest.approx((3, 5))  # without the GPU, too


def test_the_scoreboard_as_text():
    goal = GOAL | {"median_ratio": [0.8, 1.25]}
    wide = GOAL | {"score": "energy_at_wall", "coverage": [0.8, 1]}
    told = lines(reached(scores({"rows": 1137}), [goal, wide]), compared(HELD_OUT))
    assert told[3:] == [
        "1 of 2 goals are met",
        "",
        "energy_at_batch of other methods  left out  number  factor  ours   coverage  ours",
        "Peer                              none           1  4.000   2.000  -         1.000",
        "regression                        gpu            1  3.000   5.000  1.000     1.000",
    ]
    assert [" ".join(line.split()) for line in told[:3]] == [
        "predicted left out runs number factor goal coverage goal ratio goal",
        "energy_at_batch source all 1137 1.400 <= 1.5 0.900 0.85-0.95 1.100 0.8-1.25 met",
        "energy_at_wall source all - <= 1.5 - >= 0.8 - missed: no such runs",
    ]
    assert len({line.index(word) for line, word in zip(told, ("factor", "1.400", "-       <="), strict=False)}) == 1


def test_scores_of_a_source_as_text():
    found = scores({}, {"group": "gpu: g"}, {"group": "saturated s", "rows": 3, "coverage_90": None})
    assert of_all(found) == [
        "predicted        runs         number  ratio  factor  coverage",
        "energy_at_batch  all              10  1.100  1.400   0.900",
        "energy_at_batch  saturated s       3  1.100  1.400   -",
    ]
