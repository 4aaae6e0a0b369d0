"""Energy against latency as the batch grows: by hand, at the limits, and what the corpus holds."""

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.throughput import latency
from inference_energy.throughput.latency import energy_cost_of_latency, representatives, series, summary

SHARE = "throughput_share_at_latency"
ROW = {
    "source": "s",
    "row_id": "r",
    "boundary": "gpu_boards",
    "model": "A",
    "gpu": "X",
    "gpus": 2,
    "precision": "FP8",
    "tensor_parallel": 2,
    "pipeline_parallel": None,
    "expert_parallel": None,
    "data_parallel": None,
    "prompts": "chat",
    "inter_token_latency_mean_ms": None,
}
TYPES = {"inter_token_latency_p50_ms": pl.Float64, "inter_token_latency_mean_ms": pl.Float64, "prompts": pl.String}
TYPES |= dict.fromkeys(("tensor_parallel", "pipeline_parallel", "expert_parallel", "data_parallel"), pl.Int64)
# Concurrency, median latency in ms, J per token: the third is as fast as the second and draws less, the fourth is
# slower than the third and draws more.
HAND = [(8, 10.0, 4.0), (16, 20.0, 3.0), (32, 20.0, 2.0), (64, 40.0, 2.5), (128, 50.0, 1.0)]


def frame(runs=HAND, **common):
    rows = [
        ROW
        | {
            "row_id": f"{common}{batch}",
            "concurrency": float(batch),
            "inter_token_latency_p50_ms": ms,
            "energy_j_per_output_token": joules,
            # By Little's law at this latency, on two GPUs.
            "throughput_tok_per_s": 1000 * batch / ms,
            "output_tok_per_s_per_gpu": 500 * batch / ms,
        }
        | common
        for batch, ms, joules in runs
    ]
    return pl.DataFrame(rows, schema_overrides=TYPES)


def costs(energy, *targets):
    return energy_cost_of_latency(series(energy), targets)


def test_pareto_and_energy_over_best_by_hand():
    found = series(frame())
    assert found["concurrency"].to_list() == [8, 16, 32, 64, 128]
    assert found["energy_over_best"].to_list() == [4, 3, 2, 2.5, 1]
    assert found["pareto"].to_list() == [True, False, True, False, True]
    assert found["inter_token_latency_ms"].to_list() == [10, 20, 20, 40, 50]
    assert found["time_per_output_token_ms"].to_list() == pytest.approx([10, 20, 20, 40, 50])
    assert set(found["latency_statistic"]) == {"median"}


def test_as_much_energy_for_more_latency_is_not_pareto_but_equal_runs_both_are():
    found = series(frame([(8, 10.0, 2.0), (16, 20.0, 2.0), (32, 30.0, 1.0), (64, 30.0, 1.0)]))
    assert found["pareto"].to_list() == [True, False, True, True]


def test_pareto_holds_over_parallelism_and_precision_but_not_over_sources_gpus_or_prompts():
    better = [(8, 5.0, 0.4), (16, 6.0, 0.3), (32, 7.0, 0.2)]
    both = pl.concat([frame(), frame(better, precision="BF16", gpus=4)])
    old = series(both).filter(precision="FP8")
    assert old["pareto"].to_list() == [False] * 5
    assert old["energy_over_best"].to_list() == pytest.approx([20, 15, 10, 12.5, 5])
    for other in ({"source": "t"}, {"gpu": "Y"}, {"prompts": "code"}, {"prompts": None}, {"model": "B"}):
        apart = series(pl.concat([frame(), frame(better, **other)]))
        assert apart.filter(pl.col("energy_j_per_output_token") >= 1)["pareto"].sum() == 3
        assert apart.filter(pl.col("energy_j_per_output_token") < 1)["pareto"].all()


@pytest.mark.parametrize(
    "energy",
    [
        frame(HAND[:1]),
        frame(HAND[:2]),
        frame([(8, 10.0, 4.0), (8.2, 11.0, 3.0), (16, 20.0, 2.0)]),  # two batches, one run twice
        pl.concat([frame(HAND[:2]), frame(HAND[2:4], tensor_parallel=1)]),  # two series of two
        frame(boundary="node_wall"),
        frame(inter_token_latency_p50_ms=None),
        frame().clear(),
    ],
)
def test_fewer_than_three_batches_or_no_latency_is_no_series(energy):
    found = series(energy)
    assert found.is_empty()
    assert summary(energy_cost_of_latency(found)).is_empty()


def test_mean_latency_stands_in_for_a_median():
    found = series(frame(inter_token_latency_p50_ms=None, inter_token_latency_mean_ms=20.0))
    assert set(found["latency_statistic"]) == {"mean"}
    assert set(found["inter_token_latency_ms"]) == {20.0}


def test_stalled_run_is_never_pareto_and_meets_no_target_but_may_draw_least():
    # Its median says 15 ms, but 256 requests at 5,000 tokens per second take 51 ms for one.
    stalled = frame([(256, 15.0, 0.5)], throughput_tok_per_s=5000.0)
    energy = pl.concat([frame(), stalled])
    found = series(energy)
    assert found["stalled"].to_list() == [False] * 5 + [True]
    assert found["pareto"].to_list() == [True, False, True, False, True, False]
    assert costs(energy, 15, 1000)["cost"].to_list() == [8, 2]


def test_cost_and_throughput_by_hand():
    found = costs(frame(), 5, 10, 20, 45, 50, 1000)
    assert found["runs_that_meet"].to_list() == [0, 1, 3, 4, 5, 5]
    assert found["cost"].to_list() == [None, 4, 2, 2, 1, 1]
    # 400, 400, 800, 800 and 1,280 tokens per second and GPU.
    assert found[SHARE].to_list() == [None, 0.3125, 0.625, 0.625, 1, 1]


def test_targets_are_sorted_and_count_once():
    assert costs(frame(), 50, 20, 50.0)["target_ms"].to_list() == [20, 50]


def over_models(*values, target=20.0):
    """Costs of models; None where a target is not met. Throughput shares are their reciprocals."""
    return pl.DataFrame(
        [
            {"source": "s", "model": model, "gpu": "X", "prompts": prompts, "latency_statistic": "median"}
            | {"target_ms": target, "cost": cost, SHARE: cost and 1 / cost}
            for model, prompts, cost in values
        ],
        schema_overrides={"cost": pl.Float64, SHARE: pl.Float64},
    )


def test_summary_ranks_models_that_do_not_meet_a_target_last():
    (row,) = summary(over_models(("A", "p", 2.0), ("B", "p", 4.0), ("C", "p", None))).rows(named=True)
    assert (row["models"], row["models_that_meet"]) == (3, 2)
    assert (row["cost_p05"], row["cost_p50"], row["cost_p95"]) == (2, 4, None)
    assert tuple(row[f"{SHARE}_{name}"] for name in ("p05", "p50", "p95")) == (None, 0.25, 0.5)


def test_summary_counts_a_model_once_and_only_if_it_meets_the_target_with_all_prompts():
    values = [("A", "p", 2.0), ("A", "q", 4.0), ("B", "p", 1.0), ("B", "q", 1.0), ("B", "r", None)]
    (row,) = summary(over_models(*values)).rows(named=True)
    assert (row["models"], row["models_that_meet"]) == (2, 1)
    assert (row["cost_p05"], row["cost_p50"], row["cost_p95"]) == (3, 3, None)


def test_summary_of_twenty_models_leaves_out_one_at_p95():
    values = [(f"M{i:02}", "p", 1.0 + i) for i in range(19)]
    (row,) = summary(over_models(*values, ("Z", "p", None))).rows(named=True)
    assert (row["cost_p05"], row["cost_p50"], row["cost_p95"]) == (1, 10, 19)


runs = st.lists(
    st.tuples(st.integers(1, 4000), st.floats(1, 500), st.floats(0.01, 100)),
    min_size=3,
    max_size=12,
    unique_by=lambda run: run[0],
)


@settings(deadline=None, max_examples=40)
@given(runs)
def test_properties(swept):
    found = series(frame(swept))
    cost = energy_cost_of_latency(found, (0.5, 2, 5, 20, 50, 100, 500))
    met = cost["cost"].drop_nulls().to_list()
    assert cost["cost"][0] is None  # no run is that fast
    assert met == sorted(met, reverse=True)  # a looser target costs no more
    assert met[-1] == 1  # all runs meet the loosest
    assert min(met) >= 1
    share = cost[SHARE].drop_nulls().to_list()
    assert share == sorted(share)
    assert share[-1] == 1
    # Pareto by its definition, run by run.
    rows = found.select("inter_token_latency_ms", "energy_j_per_output_token", "pareto").rows()
    for ms, joules, pareto in rows:
        assert pareto != any(m <= ms and j <= joules and (m, j) != (ms, joules) for m, j, _ in rows)


def test_representatives_are_the_models_with_most_runs_on_every_gpu():
    three = HAND[:3]
    energy = pl.concat(
        [
            *(frame(three, model="few", gpu=gpu) for gpu in "XY"),
            *(frame(HAND, model="many", gpu=gpu) for gpu in "XY"),
            *(frame(three, model="many", gpu=gpu, prompts="code") for gpu in "XY"),
            *(frame(HAND, model="one GPU", precision=precision) for precision in ("FP8", "BF16", "FP4")),
            *(frame(three, model="small", gpu=gpu) for gpu in "XY"),
        ]
    )
    classes = {"few": "large", "many": "large", "one GPU": "large", "small": "small"}
    registry = pl.DataFrame({"model": list(classes), "model_class": list(classes.values())})
    found = representatives(series(energy), registry)
    assert found.select("model_class", "model", "prompts").unique().sort("model").rows() == [
        ("large", "many", "chat"),
        ("small", "small", "chat"),
    ]
    assert len(found) == 2 * 5 + 2 * 3


def test_corpus(corpus):
    found = series(corpus["measured_energy"])
    counted = {source: len(rows) for (source,), rows in found.group_by("source")}
    assert counted == {"mlenergy_v2": 309, "mlenergy_v3": 563}
    statistics = {(row["source"], row["latency_statistic"]) for row in found.iter_rows(named=True)}
    assert statistics == {("mlenergy_v2", "mean"), ("mlenergy_v3", "median")}
    least = found.group_by(latency.CASE).agg(pl.col("energy_over_best").min(), pl.col("pareto").any())
    assert set(least["energy_over_best"]) == {1.0}
    assert least["pareto"].all()
    cost = energy_cost_of_latency(found)
    assert cost["cost"].drop_nulls().min() == 1
    assert cost[SHARE].drop_nulls().is_between(0, 1, closed="right").all()
    over = summary(cost).filter(source="mlenergy_v3")
    p50 = {(row["gpu"][:4], row["target_ms"]): row["cost_p50"] for row in over.iter_rows(named=True)}
    assert p50["H100", 20] == pytest.approx(2.161, abs=1e-3)
    assert p50["B200", 20] == pytest.approx(5.785, abs=1e-3)
    assert p50["H100", 50] == 1
    assert p50["B200", 50] == pytest.approx(1.340, abs=1e-3)
