"""Time and power of a replica per output token."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from inference_energy.serving import step
from serving_replicas import LIMITLESS, NEUTRAL, SPARSE, USUAL, replica, seconds

BATCHES = st.floats(1, 2000)
FACTORS = st.floats(1.01, 100)
USUALLY = {"kv_full": 65536, "kv_stored": 65536, "attention_full_flop": 5e5}


def energy(of, batch, given_values=USUAL):
    """Joules of all boards per output token."""
    time = step.time_per_token(of, np.array(batch, dtype=float), given_values)
    return of.gpus * of.tdp_w * step.board_share(step.boards(of, given_values), time, time.seconds) * time.seconds


def test_one_token_reads_its_experts_and_many_read_all():
    found = step.experts_read(np.array([128.0]), np.array([8.0]), np.array([1.0, 2.0, 1e4]))
    assert found == pytest.approx([8, 8 + 8 * 120 / 128, 128])


@given(st.floats(1, 500), FACTORS, st.integers(2, 400), st.data())
def test_more_tokens_read_more_experts_but_fewer_each(tokens, factor, experts, data):
    used = data.draw(st.integers(1, experts - 1))
    few, many = step.experts_read(float(experts), float(used), np.array([tokens, factor * tokens]))
    assert used * (1 - 1e-9) <= few <= many * (1 + 1e-9) <= experts * (1 + 1e-6)
    assert many / few <= factor * (1 + 1e-9)


def test_a_single_request_waits_for_the_weights():
    assert seconds(replica(**LIMITLESS), 1) == pytest.approx([16e9 / 4e12])


def test_a_batch_shares_the_weights():
    assert seconds(replica(**LIMITLESS), 10) == pytest.approx([16e9 / 4e12 / 10])


def test_without_limit_of_bandwidth_only_computing_and_prefill_count():
    of = replica(bandwidth_b_per_s=1e30)
    decode, prefill = 2 * 8e9 / 1e15, 2 * 8e9 * 1000 / 1e15 / 200
    assert seconds(of, 1) == pytest.approx([decode + prefill])
    assert seconds(of, 500) == pytest.approx([decode + prefill])


def test_efficiencies_divide_each_their_part():
    half = math.log(0.5)
    memory, decode, prefill = 16e9 / 4e12, 2 * 8e9 / 1e15, 2 * 8e9 * 1000 / 1e15 / 200
    for name, expected in [
        ("bandwidth", 2 * memory + decode + prefill),
        ("compute", memory + 2 * decode + prefill),
        ("prefill", memory + decode + 2 * prefill),
    ]:
        assert seconds(replica(), 1, **{name: half}) == pytest.approx([expected])


def test_gpus_share_bytes_and_work():
    assert seconds(replica(gpus=4), 8) == pytest.approx(seconds(replica(), 8) / 4)


def test_experts_are_read_as_the_batch_uses_them():
    of = replica(**SPARSE, **LIMITLESS)
    assert seconds(of, 1) == pytest.approx([1.8e9 / 4e12])
    assert seconds(of, 1e5) == pytest.approx([13.8e9 / 4e12 / 1e5])


def test_keys_of_every_request_are_read():
    of = replica(**LIMITLESS, kv_full=1000, kv_window=500, window_tokens=100)
    keys = (1000 * 1100 + 500 * 100) * 2
    assert seconds(of, 10) == pytest.approx([(16e9 / 10 + keys) / 4e12])
    assert seconds(of, 10, key_reading=math.log(3)) == pytest.approx([(16e9 / 10 + 3 * keys) / 4e12])


def test_copies_of_keys_are_read_too():
    of = replica(**LIMITLESS, kv_full=1000, gpus=[8, 16, 16], attention_data_parallel=[0, 0, 1], shared_bytes=0)
    keys = 1000 * 1100 * 2 / 4e12
    assert seconds(of, 10) == pytest.approx([keys / 8, 2 * keys / 16, keys / 16])


def test_attention_computes_in_16_bits_whatever_the_format_of_the_weights():
    known = {"bandwidth_b_per_s": 1e30, "input_tokens": 400, "cached_share": 1, "active_parameters": 0}
    of = replica(**known, peak_flop_per_s=2e15, attention_full_flop=1e6, attention_window_flop=1e5, window_tokens=100)
    time = step.time_per_token(of, np.ones(1), NEUTRAL)
    attended = 1e6 * 500 + 1e5 * 100
    assert time.seconds == pytest.approx([attended / 1e15])
    assert time.flop_per_token / 2e15 == pytest.approx(time.seconds)


def test_attention_of_a_prompt_to_itself():
    known = {"bandwidth_b_per_s": 1e30, "active_parameters": 0, "window_tokens": [100, 1000]}
    of = replica(**known, attention_full_flop=1e6, attention_window_flop=1e5)
    whole, cached = (seconds(each, 1) for each in (of, replica(**known | {"cached_share": 1}, attention_full_flop=1e6)))
    decode = 1e5 * np.array([100, 1000]) / 1e15
    prefill = 1000 * (1e6 * 500 + 1e5 * np.array([100, 500])) / 200 / 1e15
    assert whole - cached == pytest.approx(decode + prefill)


def test_attention_of_a_prompt_has_its_own_work_and_16_bits():
    known = {"bandwidth_b_per_s": 1e30, "active_parameters": 0, "peak_flop_per_s": [1e15, 4e15]}
    none, some = (seconds(replica(**known, attention_prompt_flop=flop), 1) for flop in (0, 3e5))
    assert some - none == pytest.approx([1000 * 3e5 * 500 / 200 / 1e15] * 2)


def test_a_state_is_two_bytes_a_number():
    assert seconds(replica(**LIMITLESS, state=1e6), 10) == pytest.approx([(16e9 / 10 + 2e6) / 4e12])


def test_overhead_by_hand():
    of = replica(**LIMITLESS, bandwidth_b_per_s=1e30, gpus=8)
    known = {"step_s": 1e-3, "layer_s": 50e-6, "request_layer_s": 1e-6, "all_reduce_s": 4e-6}
    given_values = {name: math.log(value) for name, value in known.items()}
    assert seconds(of, 16, **given_values) == pytest.approx([(1e-3 + 32 * (50e-6 + 16e-6 + 3 * 4e-6)) / 16])
    own = replica(**LIMITLESS, bandwidth_b_per_s=1e30, gpus=8, attention_data_parallel=1)
    assert seconds(own, 16, **given_values) == pytest.approx([(1e-3 + 32 * (50e-6 + 2e-6 + 3 * 4e-6)) / 16])


def test_attention_of_each_gpu_to_its_own_requests_repeats_what_is_shared():
    of = replica(**LIMITLESS, gpus=[1, 5], attention_data_parallel=1)
    assert seconds(of, 1) == pytest.approx([16e9 / 4e12, 3 * 16e9 / 4e12 / 5])


def test_accepted_tokens_save_steps_and_verified_ones_cost_work():
    accepted = {"accepted_tokens": math.log(2)}
    assert seconds(replica(**LIMITLESS, speculative=1), 4, **accepted) == pytest.approx([16e9 / 4e12 / 8])
    computing = replica(bandwidth_b_per_s=1e30, speculative=1, input_tokens=1e-9)
    found = seconds(computing, 4, **accepted, verified_tokens=math.log(3))
    assert found == pytest.approx([2 * 8e9 / 1e15 * 4 / 2], rel=1e-6)


def test_narrow_formats_may_lose_part_of_their_gain():
    of = replica(bandwidth_b_per_s=1e30, peak_flop_per_s=4e15, input_tokens=1e-9)
    assert seconds(of, 1) == pytest.approx([2 * 8e9 / 4e15], rel=1e-6)
    assert seconds(of, 1, narrow_formats=0.5) == pytest.approx([2 * 8e9 / 2e15], rel=1e-6)
    assert seconds(of, 1, narrow_formats=1.0) == pytest.approx([2 * 8e9 / 1e15], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "parameter", "exponent"),
    [
        *(({"youth": 0.5}, "youth", 0.5), ({"old_engine": 1}, "old_engine", 1)),
        *(({"software_years": 2}, "roofline_per_year", -2), ({"tuned": 1}, "roofline_of_tuned", 1)),
        ({"attention_data_parallel": 1}, "data_parallel_attention", 1),
        *(({"attention_stages": 3}, "roofline_of_attention_stages", 3), (SPARSE, "experts_memory", 1)),
    ],
)
def test_factors_of_time(change, parameter, exponent):
    of = replica(**LIMITLESS, **change)
    assert seconds(of, 1, **{parameter: 0.3}) == pytest.approx(seconds(of, 1) * math.exp(0.3 * exponent))


@pytest.mark.parametrize(
    ("change", "parameter", "exponent"),
    [
        *(({"software_years": 2}, "overhead_per_year", -2), ({"tuned": 1}, "overhead_of_tuned", 1)),
        *(
            ({"software_years": 2, "tuned": 1}, "overhead_per_year", 0),
            ({"old_engine": 1}, "overhead_of_old_engine", 1),
        ),
        ({"attention_stages": 3}, "overhead_of_attention_stages", 3),
    ],
)
def test_factors_of_overhead(change, parameter, exponent):
    of = replica(**LIMITLESS, bandwidth_b_per_s=1e30, **change)
    overhead = {"step_s": math.log(1e-3)}
    assert seconds(of, 1, **overhead, **{parameter: 0.3}) == pytest.approx([1e-3 * math.exp(0.3 * exponent)])


def test_effects_act_on_their_term():
    of, given_values = replica(), NEUTRAL | {"step_s": math.log(2e-3)}
    roofline = 16e9 / 4e12 + 2 * 8e9 / 1e15 + 2 * 8e9 * 1000 / 1e15 / 200
    for term, expected in [
        ("overhead", 2e-3 * 1.5 + roofline),
        ("roofline", 2e-3 + 1.5 * roofline),
        ("time", 1.5 * (2e-3 + roofline)),
    ]:
        effects = step.NO_EFFECTS | {term: math.log(1.5)}
        assert step.time_per_token(of, np.ones(1), given_values, effects).seconds == pytest.approx([expected])


@pytest.mark.parametrize("term", ["overhead", "roofline"])
def test_shares_are_the_slopes_of_the_logarithm(term):
    of, batch = replica(**USUALLY), np.array([20.0])
    ends = [np.log(step.time_per_token(of, batch, USUAL, step.NO_EFFECTS | {term: by}).seconds) for by in (1e-5, -1e-5)]
    shares = step.time_per_token(of, batch, USUAL)
    assert getattr(shares, f"{term}_share") == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)
    assert 0.05 < shares.overhead_share < 0.95


def test_a_cached_prompt_needs_no_prefill():
    of = replica(**USUALLY, cached_share=1)
    none = replica(**USUALLY | {"attention_full_flop": 0}, cached_share=1, bandwidth_b_per_s=1e30)
    assert seconds(none, 1) == pytest.approx([2 * 8e9 / 1e15])
    assert seconds(of, 1) < seconds(replica(**USUALLY), 1)
    # What is attended to in decoding remains.
    assert seconds(of, 1) == pytest.approx([(16e9 + 65536 * 1100 * 2) / 4e12 + (16e9 + 5e5 * 1100) / 1e15])


def test_half_a_cached_prompt_needs_half_its_work_and_three_quarters_of_its_attention():
    known = {"bandwidth_b_per_s": 1e30, "input_tokens": 1e5, "cached_share": [0, 0.5, 1]}
    whole, half, none = seconds(replica(**known), 1)
    assert half - none == pytest.approx((whole - none) / 2)
    whole, half, none = seconds(replica(**known, active_parameters=0, attention_full_flop=1e6), 1)
    assert half - none == pytest.approx(0.75 * (whole - none))


@given(BATCHES, FACTORS, st.booleans())
def test_a_larger_batch_takes_less_time_and_energy_per_token(batch, factor, sparse):
    of = replica(**USUALLY, **SPARSE if sparse else {})
    small, large = energy(of, [batch]), energy(of, [batch * factor])
    assert large < small
    assert seconds(of, batch * factor, **USUAL) < seconds(of, batch, **USUAL)


@given(BATCHES, st.floats(10, 1e5), FACTORS)
def test_a_longer_context_takes_more_energy(batch, tokens, factor):
    short, long = energy(replica(**USUALLY, input_tokens=[tokens, factor * tokens]), batch)
    assert long > short


@given(BATCHES, st.floats(1e8, 1e12), FACTORS)
def test_more_active_parameters_take_more_energy(batch, active, factor):
    active = np.array([active, factor * active])
    few, many = energy(replica(**USUALLY, active_parameters=active, shared_bytes=active), batch)
    assert many > few


@given(BATCHES, st.floats(0, 0.9), st.floats(0.01, 0.1))
def test_a_larger_cached_share_takes_less_energy(batch, share, more):
    less, cached = energy(replica(**USUALLY, cached_share=[share, share + more]), batch)
    assert cached < less


@given(BATCHES, st.booleans(), st.floats(0, 1e5), st.booleans())
def test_no_time_is_below_what_bandwidth_and_peak_allow(batch, sparse, tokens, speculative):
    of = replica(**USUALLY, **SPARSE if sparse else {}, input_tokens=tokens, speculative=float(speculative))
    time = step.time_per_token(of, np.array([batch]), NEUTRAL | {"verified_tokens": 1.0})
    floor = step.floor_seconds(of, time.bytes_per_token, time.flop_per_token)
    assert time.seconds >= floor * (1 - 1e-9)
    assert floor > 0


def test_floor_is_the_slower_of_bandwidth_and_peak():
    found = step.floor_seconds(replica(), np.array([4e9, 4e12]), np.array([1e15, 1e12]))
    assert found == pytest.approx([1, 1])


def test_bytes_and_flop_per_token_by_hand():
    of = replica(kv_full=1000, attention_full_flop=1e6, gpus=2)
    time = step.time_per_token(of, np.array([10.0]), NEUTRAL)
    assert time.bytes_per_token == pytest.approx([(16e9 / 10 + 1000 * 1100 * 2) / 2])
    prefill = 1000 * (2 * 8e9 + 1e6 * 500) / 200
    assert time.flop_per_token == pytest.approx([(2 * 8e9 + 1e6 * 1100 + prefill) / 2])


def share(seconds_per_token, **given_values):
    of = replica(input_tokens=1e-9)
    time = step.time_per_token(of, np.ones(1), NEUTRAL)
    known = NEUTRAL | {"idle_share": math.log(0.25)} | given_values
    return step.board_share(step.boards(of, known), time, np.array([seconds_per_token]))


def test_a_board_that_does_nothing_draws_its_idle_share():
    assert share(1e9) == pytest.approx([0.25])


def test_a_saturated_board_draws_its_rated_power():
    assert share(4e-3, bandwidth_power=math.log(100)) == pytest.approx([1])


def test_half_the_bandwidth_by_hand():
    nothing = {"compute_power": -60.0}
    assert share(8e-3, **nothing) == pytest.approx([0.25 + 0.75 * (1 - math.exp(-0.5))])
    assert share(8e-3, **nothing, bandwidth_power=math.log(2)) == pytest.approx([0.25 + 0.75 * (1 - math.exp(-1))])


def test_a_sixteenth_of_the_peak_by_hand():
    found = share(16 * 16e-6, bandwidth_power=-60.0, compute_power=math.log(4))
    assert found == pytest.approx([0.25 + 0.75 * (1 - math.exp(-0.25))])


def test_narrow_formats_may_need_less_power_than_their_peak_says():
    of = replica(input_tokens=1e-9, peak_flop_per_s=4e15)
    time = step.time_per_token(of, np.ones(1), NEUTRAL)
    known = NEUTRAL | {"idle_share": math.log(0.25), "bandwidth_power": -60.0}
    for lost, used in [(0.0, 16e9 / 4e15), (0.5, 16e9 / 2e15)]:
        found = step.board_share(step.boards(of, known | {"narrow_formats_power": lost}), time, np.array([16e-6]))
        assert found == pytest.approx([0.25 + 0.75 * (1 - math.exp(-used / 16e-6))])


def test_an_effect_multiplies_the_power():
    of = replica()
    time = step.time_per_token(of, np.ones(1), USUAL)
    plain, more = (
        step.board_share(step.boards(of, USUAL, effect), time, time.seconds) for effect in (0.0, math.log(1.1))
    )
    assert more == pytest.approx(1.1 * plain)


@given(st.floats(1e-5, 1), FACTORS)
def test_a_slower_run_draws_less_power_but_not_less_energy(time, factor):
    fast, slow = share(time), share(factor * time)
    assert 0.25 * (1 - 1e-9) <= slow[0] <= fast[0] <= 1
    assert slow[0] * factor * time > fast[0] * time


def test_speed_of_a_user():
    assert step.speed_tok_per_s(np.array([10.0]), np.array([1e-3])) == pytest.approx([1 / (0.955 * 0.01)])


# What grows with the context.


def test_growing_share_is_what_a_context_of_nothing_saves():
    for batch in (1.0, 64.0):
        of, without = (replica(**USUALLY, context_tokens=context) for context in (2000, 0))
        found, rest = (step.time_per_token(each, np.array([batch]), USUAL) for each in (of, without))
        assert found.growing_share * found.seconds == pytest.approx(found.seconds - rest.seconds)
        assert rest.growing_share == pytest.approx([0])


def test_growing_share_by_hand():
    # Keys of 1,000 numbers per token of context, two bytes each, of 1,100 tokens; weights of 16 GB over ten requests.
    found = step.time_per_token(replica(**LIMITLESS, kv_full=1000), np.array([10.0]), NEUTRAL)
    assert found.growing_share == pytest.approx([2.2e6 / (2.2e6 + 1.6e9)])


def test_a_window_does_not_grow_with_the_context():
    of = replica(**LIMITLESS, kv_window=1000, window_tokens=128, context_tokens=[128, 4000])
    found = step.time_per_token(of, np.array([10.0]), NEUTRAL)
    assert found.growing_share == pytest.approx([0, 0])
    assert found.seconds[0] == pytest.approx(found.seconds[1])


def test_context_is_what_is_attended_to_whatever_the_prompt():
    of = replica(**USUALLY, context_tokens=3000, input_tokens=[1000, 2000], cached_share=1)
    assert seconds(of, 8)[0] == pytest.approx(seconds(of, 8)[1])


def test_shares_of_prompts_attention_and_the_rest_sum_to_1():
    time = step.time_per_token(replica(**USUALLY), np.array([16.0]), USUAL)
    assert (time.prompt_share > 0).all() and (time.growing_share > 0).all()
    assert (time.prompt_share + time.growing_share < 1).all()
    assert time.overhead_share + time.roofline_share == pytest.approx([1])
