"""Models where they run: a query by hand from the registries to Wh, its parts, hours, and the edges of each."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from check_rows import hardware, models
from hypothesis import given, settings, strategies as st
from inference_energy.energy import operated
from inference_energy.energy.operated import QueryMeans
from inference_energy.studies.study import BOUNDARIES
from serving_replicas import USUAL
from tiny_service import NODES, POWER_W, SECONDS, G, frontier, on, points, tables, tiny_service
from varied_service import varied_service

FUZZ = settings(max_examples=30, derandomize=True)
DAY = {"headroom": 1, "released_share": 0}
WORK_OF_ONE = (1 / 8 + 0.125 + 0.2) / (1 + 0.125 + 0.2)  # of a replica with one request: 1.325 ms per token, not 0.45


def at(workload="traditional", **study):
    return tiny_service(**study).at(workload)


# By hand.


def test_formulas_by_hand():
    assert operated.context_tokens2(input_tokens=1000, output_tokens=500) == 625_000
    seconds = operated.gpu_seconds_per_query(
        prefill_s=1e-4, decode_s=2e-4, attention_s=1e-7, uncached_tokens=900, output_tokens=500, context_tokens2=625_000
    )
    assert seconds == pytest.approx(0.09 + 0.1 + 0.0625)
    assert operated.query_wh(gpu_seconds=0.25, wh_per_gpu_second=0.2) == pytest.approx(0.05)


def test_time_of_prompts_that_are_nearly_all_in_the_cache_by_hand():
    """Two GPUs, 10 ms per answer token, 30 % of it for prompts: 0.6 s of 100 tokens, over half a prompt token."""
    energy = SimpleNamespace(seconds=np.array([0.01]), prefill_share=np.array([0.3]), attention_share=np.array([0.1]))
    queries = QueryMeans(
        input_tokens=1000.0, uncached_tokens=np.array([0.5]), output_tokens=100.0, context_tokens2=400.0
    )
    prompt, decode, attention = operated.per_token_s(np.array([2]), energy, queries)
    assert (prompt[0], decode[0], attention[0]) == pytest.approx((1.2, 0.02 * 0.6, 0.02 * 0.1 * 100 / 400))


def test_gpu_time_per_token_by_hand():
    found = at()
    assert found.decode_s == pytest.approx(np.full((4, 1), 0.125e-3), rel=1e-6)
    assert found.prefill_s == pytest.approx(np.full((4, 1), 0.1e-3), rel=1e-6)
    assert found.attention_s == pytest.approx(np.full((4, 1), 0.1e-6), rel=1e-6)
    assert found.mean_seconds() == pytest.approx(np.full((4, 1), SECONDS["traditional"]), rel=1e-6)
    assert found.seconds(0.0, 10.0, 0.0) == pytest.approx(np.full((4, 1), 1.25e-3), rel=1e-6)
    assert at("long").mean_seconds() == pytest.approx(np.full((4, 1), SECONDS["long"]), rel=1e-6)
    assert (found.point.batch == 8).all() and (found.point.gpus == 1).all()


def test_power_by_hand():
    found = at()
    for boundary, power_w in POWER_W.items():
        assert found.wh_per_gpu_second[boundary] * 3600 == pytest.approx(np.full((4, 1), power_w), rel=1e-6)
    assert list(found.wh_per_gpu_second) == list(BOUNDARIES)
    assert found.hours_w == pytest.approx(np.full((24, 4, 1), POWER_W["fleet"]), rel=1e-6)


def registry_query(prompt=1200.0, answer=350.0, gpus=4, batch=24, cached=0.3, pue=1.25, overhead=0.1):
    """Wh of a query of `MIXTRAL` on `CHIP`, with the middles of the priors, equation by equation of docs/method.md."""
    p = USUAL
    total, active, experts, used, layers, heads, dimension, width = 46.7e9, 12.9e9, 8, 2, 32, 8, 128, 4096
    bandwidth, peak16, peak8, tdp = 3350e9, 989e12, 1979e12, 700.0
    context = prompt + answer / 2
    # Bytes: the experts that the batch uses, what all tokens read, and keys and values; one byte each.
    expert = (total - active) / (experts - used)
    read = experts * (1 - (1 - used / experts) ** batch)
    weights = (active - used * expert + expert * read) / gpus
    keys = batch * 2 * heads * dimension * layers * context / gpus
    memory = (weights + keys * math.exp(p["key_reading"])) / (bandwidth * math.exp(p["bandwidth"]))
    memory *= math.exp(p["experts_memory"])
    # FLOP: two per active parameter, attention in 16 bits.
    peak = peak8 * (peak16 / peak8) ** p["narrow_formats"]
    attention = 4 * width * layers
    dense, growing = 2 * batch * active / gpus, batch * attention * context / gpus
    computing = math.exp(p["experts_compute"])
    compute = (dense / peak + growing / peak16) / math.exp(p["compute"]) * computing
    prompt_dense = prompt * 2 * active * (1 - cached) / gpus
    prompt_attention = prompt * attention * prompt / 2 * (1 - cached**2) / gpus
    prefill_s = (prompt_dense / peak + prompt_attention / peak16) / math.exp(p["prefill"]) * computing
    overhead_s = math.exp(p["step_s"]) + layers * (
        math.exp(p["layer_s"]) + math.exp(p["all_reduce_s"]) * math.log2(gpus) + math.exp(p["request_layer_s"]) * batch
    )
    per_token = (overhead_s + memory + compute) / batch + prefill_s / answer
    # Power: shares of bandwidth and peak that this time implies.
    moved = (weights + keys) / batch / bandwidth / per_token
    prefill = prompt_dense + prompt_attention * peak8 / peak16
    flop = (dense + growing * peak8 / peak16) / batch + prefill / answer
    computed = flop / (peak8 * (peak16 / peak8) ** p["narrow_formats_power"]) / per_token
    idle = math.exp(p["idle_share"])
    demand = math.exp(p["bandwidth_power"]) * moved + math.exp(p["compute_power"]) * computed
    share = idle + (1 - idle) * (1 - math.exp(-demand))
    # The rest of the node: between idle and saturated as far as the boards are; its range is 250 to 350 W above 225.
    low, high = 0.12, math.sqrt(0.6 * 0.95)
    host = 225 + math.sqrt(25 * 125) * min(max((share - low) / (high - low), 0), 1)
    board = tdp * share
    seconds = gpus * per_token * answer
    watts = {"gpu_boards": board, "node": board + host, "datacenter": (board + host) * pue}
    watts["fleet"] = watts["datacenter"] * (1 + overhead)
    return {boundary: seconds * value / 3600 for boundary, value in watts.items()}


MIXTRAL = {
    **{"model": "Mixtral", "model_class": "frontier", "architecture": "moe"},
    **{"total_parameters_billions": 46.7, "active_parameters_billions": 12.9, "released_on": "2020-01-01"},
    **{"layers": 32, "hidden_size": 4096, "experts": 8, "experts_per_token": 2, "key_value_heads": 8},
    **{"head_dimension": 128},
}
CHIP = {
    **{"gpu": "Chip", "memory_gb": 80, "memory_bandwidth_gb_per_s": 3350, "tdp_w": 700},
    **{"peak_fp16_tflop_per_s": 989, "peak_fp8_tflop_per_s": 1979},
}
CHIP_NODE = NODES[0] | {
    **{"gpu": "Chip", "board_idle_share_of_tdp": 0.12, "board_saturated_share_of_tdp_p05": 0.6},
    **{"board_saturated_share_of_tdp_p95": 0.95, "host_idle_kw_per_gpu": 0.225},
    **{"host_saturated_kw_per_gpu_p05": 0.25, "host_saturated_kw_per_gpu_p95": 0.35},
}


def test_a_query_by_hand_from_the_registries_to_wh():
    of = tables(
        USUAL,
        models=models(MIXTRAL).with_columns(native_precision=pl.lit("FP8")),
        hardware=hardware(CHIP),
        node_power=pl.DataFrame([CHIP_NODE]),
    )
    service = tiny_service(
        of=of,
        classes=frontier(Mixtral=1),
        hardware=on(Chip=1),
        serving={"batch": 24, "replica_gpus": [4]},
        pue=1.25,
        workloads={"w": {"label": "W", "input_tokens": 1200, "output_tokens": 350, "cached_share": 0.3}},
    )
    means, weights = service.mean_wh("Mixtral", "w")
    for boundary, wh in registry_query().items():
        assert means[boundary] == pytest.approx(np.full(4, wh), rel=1e-6), boundary
    assert (weights == 1).all()


# Where the time of a query goes.


def test_cached_prompts_are_not_computed_but_still_attended_to():
    cached = {"traditional": points(1000, 500, cached=0.2)}
    found = at(lengths=cached)
    assert found.mean_seconds() == pytest.approx(np.full((4, 1), 0.08 + 0.125), rel=1e-6)


def test_cached_shares_of_trace_and_study_both_count():
    service = tiny_service(lengths={"traditional": points(1000, 500, cached=0.2)})
    both = service.sharing(service.shared.replaced("cached share: traditional", 0.5)).at("traditional")
    assert both.queries.uncached_tokens == pytest.approx(np.full((4, 1), 400))
    assert both.mean_seconds() == pytest.approx(np.full((4, 1), 0.04 + 0.125), rel=1e-6)


@pytest.mark.filterwarnings("error")
def test_a_prompt_that_is_all_cached_takes_no_time():
    service = tiny_service()
    found = service.sharing(service.shared.replaced("cached share: traditional", 1.0)).at("traditional")
    assert found.prefill_s == pytest.approx(np.zeros((4, 1)))
    assert found.mean_seconds() == pytest.approx(np.full((4, 1), 0.125), rel=1e-6)


def test_one_token_of_each():
    found = at(lengths={"traditional": points(1, 1)})
    assert found.mean_seconds() == pytest.approx(np.full((4, 1), 1e-4 + 0.125e-3 + 1.5e-7), rel=1e-6)


def test_means_over_queries_weigh_every_query():
    of = points([1000, 3000], [500, 100], [3, 1])
    means = QueryMeans.of(of, np.array([0.0, 0.5]))
    assert (means.input_tokens, means.output_tokens) == pytest.approx((1500, 400))
    assert means.uncached_tokens == pytest.approx(np.array([[1500], [750]]))
    assert means.context_tokens2 == pytest.approx(0.75 * 625_000 + 0.25 * 100 * 3050)
    # A service of both has the GPU time of both: it is linear in these means.
    found = at(lengths={"traditional": of})
    expected = 0.15 + 0.05 + means.context_tokens2 * 1e-7
    assert found.mean_seconds() == pytest.approx(np.full((4, 1), expected), rel=1e-6)


@pytest.mark.slow
@FUZZ
@given(st.integers(1, 50_000), st.integers(1, 20_000), st.integers(1, 1000), st.floats(0, 0.99))
def test_longer_queries_take_longer_and_cached_ones_less(prompt, answer, more, cached):
    def seconds(prompt, answer, cached):
        return float(at(lengths={"traditional": points(prompt, answer, cached=cached)}, draws=1).mean_seconds()[0, 0])

    one = seconds(prompt, answer, cached)
    assert one < seconds(prompt + more, answer, cached)
    assert one < seconds(prompt, answer + more, cached)
    assert one > seconds(prompt, answer, cached + 0.01)


def test_a_model_of_twice_the_size_takes_twice_the_time_but_for_attention():
    found = at(classes=frontier(A=1, B=1))
    assert found.mean_seconds()[0] == pytest.approx([0.225, 0.2 + 0.125 + 0.0625], rel=1e-6)


def test_a_model_of_which_only_the_parameters_are_known_is_served():
    unknown = {name: pl.lit(None, pl.Int64).alias(name) for name in ("layers", "hidden_size", "head_dimension")}
    of = tables()
    found = at(of=replace(of, models=of.models.with_columns(**unknown)))
    assert (found.mean_seconds() > SECONDS["traditional"]).all()
    assert np.isfinite(found.wh_per_gpu_second["fleet"]).all()


# Hours and idle time.


def test_replicas_that_are_not_needed_are_charged_to_the_queries():
    # Half of the work needs half of the energy at the same board power: twice per query.
    once, twice = at(), at(day=DAY | {"headroom": 2})
    for boundary in BOUNDARIES:
        expected = 2 * once.wh_per_gpu_second[boundary]
        assert twice.wh_per_gpu_second[boundary] == pytest.approx(expected, rel=1e-6)


def test_released_replicas_cost_nothing():
    kept, released = (at(day={"headroom": 2, "released_share": share}) for share in (0, 1))
    assert released.wh_per_gpu_second["fleet"] == pytest.approx(at().wh_per_gpu_second["fleet"], rel=1e-6)
    half = at(day={"headroom": 2, "released_share": 0.5})
    # Of the half that is not needed, half is on: 0.75 replicas for the work of 0.5.
    assert half.wh_per_gpu_second["fleet"] == pytest.approx(1.5 * released.wh_per_gpu_second["fleet"], rel=1e-6)
    assert half.hours_w == pytest.approx(0.75 * kept.hours_w, rel=1e-6)


def test_power_between_no_request_and_one_by_hand():
    # A tenth of the work: the board is WORK_OF_ONE / 0.1 of the time without a request, at 100 W.
    found = at(day=DAY | {"headroom": 10})
    board = 100 + 400 * 0.1 / WORK_OF_ONE
    host = 100 + 100 * (board - 100) / 800
    assert found.wh_per_gpu_second["gpu_boards"] * 360 == pytest.approx(np.full((4, 1), board), rel=1e-6)
    assert found.wh_per_gpu_second["node"] * 360 == pytest.approx(np.full((4, 1), board + host), rel=1e-6)


def test_hours_of_a_day_by_hand():
    # Rates of 1.5 and 0.5 and a headroom of 2: half and a sixth of the work of all replicas.
    found = at(day={"arrivals": "day_and_night", "headroom": 2, "released_share": 0})
    quiet = 100 + 400 / 6 / WORK_OF_ONE
    quiet_w = (quiet + 100 + 100 * (quiet - 100) / 800) * 1.32
    assert found.hours_w[:12] == pytest.approx(np.full((12, 4, 1), POWER_W["fleet"]), rel=1e-6)
    assert found.hours_w[12:] == pytest.approx(np.full((12, 4, 1), quiet_w), rel=1e-6)
    wh = (POWER_W["fleet"] + quiet_w) / 2 / (1 / 3) / 3600
    assert found.wh_per_gpu_second["fleet"] == pytest.approx(np.full((4, 1), wh), rel=1e-6)


@pytest.mark.parametrize("released", [0, 0.5, 1])
@pytest.mark.filterwarnings("error")
def test_an_hour_without_requests(released):
    hours = [("still", hour, 0.0 if hour == 3 else 1.0) for hour in range(24)]
    of = tables(rates=pl.DataFrame(hours, schema=["workload", "hour", "relative_rate"], orient="row"))
    found = at(of=of, day={"arrivals": "still", "headroom": 1, "released_share": released})
    idle_w = (100 + 100) * 1.32 * (1 - released)  # of the replicas that are on
    assert found.hours_w[3] == pytest.approx(np.full((4, 1), idle_w), abs=1e-6)
    wh = (23 * POWER_W["fleet"] + idle_w) / 23 / 3600
    assert found.wh_per_gpu_second["fleet"] == pytest.approx(np.full((4, 1), wh), rel=1e-6)


# Power.


def test_lower_clocks_leave_a_share_of_the_board_power_alone():
    found = at(power={"form": "measured", "board_factor": 0.8})
    assert found.wh_per_gpu_second["gpu_boards"] * 3600 == pytest.approx(np.full((4, 1), 400), rel=1e-6)
    assert found.wh_per_gpu_second["node"] * 3600 == pytest.approx(np.full((4, 1), 550), rel=1e-6)


def test_rated_power_is_that_of_the_node_whatever_it_does():
    power = {"form": "rated", "node_kw": {"default": 8, "by_model": {"B": 12}}, "utilisation": 0.7}
    for headroom in (1, 10):
        found = at(power=power, classes=frontier(A=1, B=1), day=DAY | {"headroom": headroom})
        for boundary, factor in (("gpu_boards", 1), ("node", 1), ("datacenter", 1.2), ("fleet", 1.32)):
            watts = found.wh_per_gpu_second[boundary] * 3600 / headroom
            assert watts == pytest.approx(np.tile([700 * factor, 1050 * factor], (4, 1)), rel=1e-6)


def test_hosts_draw_between_their_percentiles():
    for share, saturated in ((0.05, 150), (0.5, 200), (0.95, 300)):
        found = at(host=share)
        host = (found.wh_per_gpu_second["node"] - found.wh_per_gpu_second["gpu_boards"]) * 3600
        assert host == pytest.approx(np.full((4, 1), 100 + (saturated - 100) / 2), rel=1e-3)


def test_hosts_of_boards_beyond_saturation_are_saturated():
    found = at(of=tables({"idle_share": math.log(0.95)}))
    watts = [found.wh_per_gpu_second[boundary][0, 0] * 3600 for boundary in ("gpu_boards", "node")]
    assert watts == pytest.approx([950, 1150], rel=1e-6)


def test_hosts_of_boards_below_idle_are_idle():
    found = at(of=tables({"idle_share": math.log(0.05)}))
    watts = [found.wh_per_gpu_second[boundary][0, 0] * 3600 for boundary in ("gpu_boards", "node")]
    assert watts == pytest.approx([50, 150], rel=1e-6)


def test_a_gpu_without_a_row_of_node_power_has_a_node_like_the_measured_ones():
    of = tables()
    without = replace(of, node_power=of.node_power.filter(pl.col("gpu") == "G"))
    found = at(of=without, hardware=on(H=1))
    # Boards of 1,000 of 2,000 W, and the host of G.
    assert found.wh_per_gpu_second["node"] * 3600 == pytest.approx(np.full((4, 1), 1150), rel=1e-6)
    both = at(of=without, hardware=on(H=1, G=1))
    assert both.wh_per_gpu_second["node"][0] * 3600 == pytest.approx([1150, 650], rel=1e-6)


@pytest.mark.slow
@FUZZ
@given(st.floats(1.0, 3.0), st.floats(1.0, 20.0), st.floats(0, 1))
def test_boundaries_are_nested_and_linear_in_pue(pue, headroom, released):
    day = {"headroom": headroom, "released_share": released}
    found, one = (at(pue=each, day=day, draws=1).wh_per_gpu_second for each in (pue, 1))
    assert [found[boundary][0, 0] for boundary in BOUNDARIES] == sorted(values[0, 0] for values in found.values())
    for boundary, factor in (("gpu_boards", 1), ("node", 1), ("datacenter", pue), ("fleet", pue)):
        assert found[boundary] == pytest.approx(factor * one[boundary])


def test_overheads_of_none_leave_the_datacenter():
    found = at(overheads=[])
    assert found.wh_per_gpu_second["fleet"] == pytest.approx(found.wh_per_gpu_second["datacenter"])


# The operating point.


def test_a_batch_is_cut_to_what_memory_holds():
    # 0.93 of 100 GB less 8 GB of weights, over 2,500 bytes of keys and 100,000 of bookkeeping.
    found = at(serving={"batch": 1e9, "replica_gpus": [1]})
    assert found.point.batch == pytest.approx(np.full((4, 1), 85e9 / (2 * 1250 + 1e5)))


def test_the_replica_of_least_energy_serves():
    # Weights of 95 GB are more than a GPU holds.
    of = tables()
    heavy = replace(of, models=of.models.with_columns(total_parameters_billions=95.0, active_parameters_billions=95.0))
    found = at(of=heavy, serving={"batch": 8, "replica_gpus": [1, 2]})
    assert (found.point.gpus == 2).all()
    alone = at(of=heavy, serving={"batch": 8, "replica_gpus": [1]})
    assert (alone.weight == 0).all() and alone.reached.tolist() == [0]


def test_nothing_reaches_a_speed_beyond_physics():
    found = at(serving={"speed_tok_per_s": 1e6, "replica_gpus": [1]})
    assert found.reached.tolist() == [0]
    assert (found.weight == 0).all()
    assert np.isfinite(found.mean_seconds()).all()


def test_members_that_few_draws_allow_there_do_not_count(monkeypatch):
    service = varied_service(100, serving={"speed_tok_per_s": 600, "replica_gpus": [1]})
    found = service.at("traditional")
    partly = (found.reached > 0) & (found.reached < 1)
    assert partly.any()
    assert found.weight[:, partly].mean(axis=0) == pytest.approx(np.ones(partly.sum()))
    limit = "inference_energy.serving.operating_point.FEWEST_REACHED"
    monkeypatch.setattr(limit, float(found.reached.max()))  # which is enough
    assert service.sharing(service.shared).at("traditional").weight.any(axis=0).tolist() == (
        (found.reached == found.reached.max()).tolist()
    )
    monkeypatch.setattr(limit, float(found.reached.max()) + 0.01)
    assert (service.sharing(service.shared).at("traditional").weight == 0).all()


def test_weights_are_1_on_average_and_0_where_the_speed_is_not_reached():
    found = varied_service(200, serving={"speed_tok_per_s": 500, "replica_gpus": [1]}).at("traditional")
    there = found.weight.any(axis=0)
    assert there.any()
    assert found.weight[:, there].mean(axis=0) == pytest.approx(np.ones(there.sum()))
    assert ((found.weight == 0) == (found.point.weight == 0))[:, there].all()


def test_speculative_decoding_yields_more_tokens_per_step():
    # Two tokens per step: half of the weights' and keys' time, all of the prompts'.
    of = tables({"accepted_tokens": math.log(2)})
    service = tiny_service(of=of, serving={"batch": 8, "replica_gpus": [1], "speculative_share": 0.5}, draws=40)
    seconds = service.at("traditional").mean_seconds()[:, 0]
    drafts = service.shared.values["speculative: A"] < 0.5
    assert 5 < drafts.sum() < 35
    assert seconds[drafts] == pytest.approx(np.full(drafts.sum(), 0.1 + 0.0625), rel=1e-6)
    assert seconds[~drafts] == pytest.approx(np.full((~drafts).sum(), 0.225), rel=1e-6)


def test_gpus_of_their_own_for_prompts_change_the_time_by_a_factor():
    serving = {"batch": 8, "replica_gpus": [1]}
    plain, apart = (at(serving=serving | {"disaggregated": own}, draws=2000) for own in (False, True))
    logs = np.log(apart.mean_seconds() / plain.mean_seconds())[:, 0]
    assert logs.mean() == pytest.approx(-np.log(1.18), abs=0.05)
    assert logs.std() == pytest.approx(0.5, rel=0.1)
    other = at(serving=serving | {"disaggregated": True}, draws=2000, seed=2)
    assert np.isclose(other.mean_seconds(), apart.mean_seconds()).mean() < 0.05


def test_gpu_twice_as_fast_and_twice_as_hungry_needs_the_same_energy():
    found = at(hardware=on(G=1, H=1))
    energy = found.mean_seconds() * found.wh_per_gpu_second["node"]
    # Attention and weights are read twice as fast; prompts are computed twice as fast.
    assert found.mean_seconds()[0] == pytest.approx([0.225, 0.1125], rel=1e-6)
    assert energy[:, 1] == pytest.approx(energy[:, 0], rel=1e-6)
    assert G["tdp_w"] == 1000
