"""Energy against the speed of one user: which runs have both, and the Pareto front, by hand and by its definition."""

import polars as pl
import pytest
from hypothesis import given, strategies as st
from inference_energy.throughput.speed import ENERGY, SPEED, at_common_lengths, cost_of_speed, runs, with_front

MODELS = pl.DataFrame({"model": ["A", "A tuned", "B"], "same_network_as": [None, "A", None]})


def row(name, **changed):
    """A run of 20 ms per token: 8 requests on 2 GPUs that generate 200 tokens/s each, so 400 of them in a second."""
    return {
        "source": "s",
        "row_id": name,
        "boundary": "gpu_boards",
        "model": "A tuned",
        "gpu": "X",
        "precision": "FP8",
        "gpus": 2,
        "concurrency": 8.0,
        "output_tok_per_s_per_gpu": 200.0,
        "input_tokens": 1024.0,
        "output_tokens": 512.0,
        "energy_j_per_output_token": 3.0,
        "inter_token_latency_p50_ms": None,
        "time_per_output_token_p50_ms": 20.0,
        "speculative_decoding": None,
    } | changed


def found(*rows):
    table = pl.DataFrame(rows, schema_overrides={"inter_token_latency_p50_ms": pl.Float64, "speculative_decoding": str})
    stated = ["time_per_output_token_p50_ms", "speculative_decoding"]
    return runs(table.drop(stated), table.select("source", "row_id", *stated), MODELS)


def test_speed_is_one_over_the_median_time_per_token():
    only = found(row("r")).row(0, named=True)
    assert only[SPEED] == pytest.approx(50)
    assert (only["network"], only["speculative"], only["stalled"]) == ("A", False, False)


def test_latency_between_tokens_counts_where_the_time_per_token_is_not_stated():
    rows = found(
        row("both", inter_token_latency_p50_ms=40.0),
        row("one", inter_token_latency_p50_ms=40.0, time_per_output_token_p50_ms=None),
        row("none", time_per_output_token_p50_ms=None),
    )
    assert rows.select("row_id", SPEED).rows() == [("both", 50.0), ("one", 25.0)]


def test_other_boundaries_and_unknown_lengths_are_left_out():
    rows = found(
        row("wall", boundary="node_wall"), row("unknown", input_tokens=None), row("mtp", speculative_decoding="mtp")
    )
    assert rows.select("row_id", "speculative").rows() == [("mtp", True)]


def test_a_run_is_stalled_if_its_requests_take_more_than_twice_the_time_of_their_tokens():
    # 20 requests in flight, of which 400 tokens/s take 50 ms per token; the median says 20 ms, or 25.
    rows = found(
        row("stalled", concurrency=20.0),
        row("served", concurrency=20.0, time_per_output_token_p50_ms=25.0),
        row("unknown", concurrency=20.0, gpus=None),
    )
    assert rows.select("row_id", "stalled").rows() == [("served", False), ("stalled", True), ("unknown", False)]


def test_the_most_frequent_lengths_and_networks_count():
    rows = found(
        *(row(f"a{n}", input_tokens=8192.0) for n in range(4)),
        *(row(f"b{n}", model="B") for n in range(2)),
        *(row(f"c{n}") for n in range(3)),
    )
    assert at_common_lengths(rows, 2)["row_id"].to_list() == ["c0", "c1", "c2", "b0", "b1"]
    assert at_common_lengths(rows, 1)["row_id"].to_list() == ["c0", "c1", "c2"]


def measured(*points):
    """Runs of a case, by speed, energy and whether they stall."""
    return pl.DataFrame(
        [
            {"source": "s", "row_id": f"{place}", "gpu": "X", SPEED: float(speed), ENERGY: float(joules)}
            | {"stalled": any(stalled)}
            for place, (speed, joules, *stalled) in enumerate(points)
        ]
    )


def front(rows):
    return rows.filter("front").select(SPEED, ENERGY).rows()


def test_front_by_hand():
    # At 50 tokens/s a run needs more than that at 100; of two at 20 the one with less energy counts.
    rows = with_front(measured((100, 4), (50, 5), (20, 3), (20, 2), (10, 2), (5, 1)), ["gpu"])
    assert front(rows) == [(100, 4), (20, 2), (5, 1)]


def test_runs_alike_count_once():
    assert with_front(measured((10, 2), (10, 2)), ["gpu"])["front"].to_list() == [True, False]


def test_a_stalled_run_is_not_on_the_front_and_dominates_nothing():
    assert front(with_front(measured((100, 1, True), (50, 5), (20, 3)), ["gpu"])) == [(50, 5), (20, 3)]


def test_cases_are_not_compared():
    rows = measured((100, 1), (50, 5)).with_columns(gpu=pl.Series(["X", "Y"]))
    assert with_front(rows, ["gpu"])["front"].all()


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6), st.booleans()), min_size=1, max_size=20))
def test_front_has_the_least_energy_at_every_speed_and_no_run_that_another_dominates(points):
    rows = with_front(measured(*points), ["gpu"])
    served = [(speed, joules) for speed, joules, stalled in points if not stalled]
    on_front = front(rows)
    for speed, _ in served:
        assert min((j for s, j in on_front if s >= speed), default=None) == min(j for s, j in served if s >= speed)
    for speed, joules in on_front:
        assert not any((s > speed and j <= joules) or (s >= speed and j < joules) for s, j in served)


def test_cost_of_speed_compares_the_fast_runs_with_all_that_do_not_stall():
    rows = measured((100, 6), (100, 5), (20, 2), (10, 1, True), (10, 4))
    assert cost_of_speed(rows, ["gpu"], 50.0).rows() == [("X", 2.5)]
    assert cost_of_speed(rows, ["gpu"], 10.0).rows() == [("X", 1.0)]
    assert cost_of_speed(rows, ["gpu"], 101.0).is_empty()
