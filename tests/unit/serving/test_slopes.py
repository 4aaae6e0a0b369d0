"""Derivatives of time and power by all that is fitted, compared with differences."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from inference_energy.serving import slopes, step
from inference_energy.serving.parameters import POWER, TIME
from serving_replicas import LIMITLESS, NEUTRAL, SPARSE, USUAL, replica

DIFFERENCE = 1e-5
SHARES = st.floats(0, 1)


@st.composite
def replicas(draw):
    """A replica of any kind: with or without experts, narrow formats, speculative decoding, old engines."""
    flags = ("attention_data_parallel", "speculative", "tuned", "old_engine")
    return replica(
        **(SPARSE if draw(st.booleans()) else {}),
        **{flag: draw(st.sampled_from([0, 1])) for flag in flags},
        **{"kv_full": 65536, "kv_window": 1000, "window_tokens": 512, "state": 1e5, "attention_full_flop": 5e5},
        **{"attention_window_flop": 1e5, "attention_stages": draw(st.sampled_from([0, 2])), "youth": draw(SHARES)},
        gpus=draw(st.sampled_from([1, 4, 8])),
        peak_flop_per_s=draw(st.sampled_from([1e15, 2e15, 4e15])),
        input_tokens=draw(st.floats(10, 1e5)),
        output_tokens=draw(st.floats(10, 5000)),
        cached_share=draw(SHARES),
        software_years=draw(st.floats(-3, 1)),
    )


def moved(known, name, by):
    return {**known, name: known[name] + by}


def slope(function, known, name):
    """Derivative by a value, by the difference between both sides of it."""
    low, high = (function(moved(known, name, by)) for by in (-DIFFERENCE, DIFFERENCE))
    return (high - low) / (2 * DIFFERENCE)


@given(replicas(), st.floats(1, 2000), st.lists(st.floats(-1, 1), min_size=len(TIME), max_size=len(TIME)))
def test_of_the_time(of, batch, shifts):
    batch = np.array([batch])
    known = {each.name: each.prior + shift * each.prior_sd for each, shift in zip(TIME, shifts, strict=True)}
    effects = {"overhead": 0.3, "roofline": -0.2, "time": 0.1}
    found = slopes.log_time(of, batch, known, effects)
    assert found.y == np.log(step.time_per_token(of, batch, known, effects).seconds)
    assert found.by_parameter.shape == (1, len(TIME))
    for name, value in zip(known, found.by_parameter[0], strict=True):
        by_hand = slope(lambda to: slopes.log_time(of, batch, to, effects).y, known, name)
        assert value == pytest.approx(by_hand[0], rel=1e-6, abs=1e-8), name
    for name, value in found.by_term.items():
        by_hand = slope(lambda to: slopes.log_time(of, batch, known, to).y, effects, name)
        assert value == pytest.approx(by_hand, rel=1e-6, abs=1e-8), name


@given(replicas(), st.floats(1, 2000), st.floats(0.5, 2), st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_of_the_power(of, batch, slower, shifts):
    work = step.time_per_token(of, np.array([batch]), USUAL)
    known = {each.name: each.prior + shift * each.prior_sd for each, shift in zip(POWER, shifts, strict=True)}
    effects = {"power": -0.1}
    seconds = work.seconds * slower

    def function(to, effects=effects):
        return slopes.log_power(of, work, seconds, to, effects)

    found = function(known)
    assert np.exp(found.y) == pytest.approx(step.board_share(step.boards(of, known, -0.1), work, seconds))
    for name, value in zip(known, found.by_parameter[0], strict=True):
        assert value == pytest.approx(slope(lambda to: function(to).y, known, name)[0], rel=1e-6, abs=1e-8), name
    assert found.by_term["power"] == pytest.approx(slope(lambda to: function(known, to).y, effects, "power"))


def test_of_a_time_that_is_all_weights():
    found = slopes.log_time(replica(**LIMITLESS), np.ones(1), NEUTRAL)
    by_name = dict(zip([each.name for each in TIME], found.by_parameter[0], strict=True))
    assert by_name.pop("bandwidth") == pytest.approx(-1)
    assert list(by_name.values()) == pytest.approx([0] * len(by_name), abs=1e-12)


def test_of_a_time_half_of_which_is_one_overhead():
    """16 GB at 4 TB/s take 4 ms; a step takes as long."""
    found = slopes.log_time(replica(**LIMITLESS, tuned=1), np.ones(1), NEUTRAL | {"step_s": math.log(4e-3)})
    by_name = dict(zip([each.name for each in TIME], found.by_parameter[0], strict=True))
    shares = {name: by_name[name] for name in ("step_s", "bandwidth", "roofline_of_tuned", "overhead_of_tuned")}
    assert shares == pytest.approx(
        {"step_s": 0.5, "bandwidth": -0.5, "roofline_of_tuned": 0.5, "overhead_of_tuned": 0.5}
    )
    assert {name: value[0] for name, value in found.by_term.items()} == pytest.approx(
        {"overhead": 0.5, "roofline": 0.5, "time": 1}
    )
