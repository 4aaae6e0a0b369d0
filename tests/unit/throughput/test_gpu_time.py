"""GPU-seconds of a query: the three-term form and its fit."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.throughput.gpu_time import GpuSeconds, fit

FORM = GpuSeconds(prefill=1e-3, decode=2e-3, attention=1e-6, kv_growth=0.5)
LENGTHS_IN = np.array([128.0, 128, 500, 1000, 2048, 5000, 20000])
LENGTHS_OUT = np.array([128.0, 4096, 2000, 1000, 128, 500, 2000])
FUZZ = settings(max_examples=100, derandomize=True)
COEFFICIENT = st.floats(1e-9, 1e3)
FORMS = st.builds(
    GpuSeconds, prefill=COEFFICIENT, decode=COEFFICIENT, attention=COEFFICIENT, kv_growth=st.floats(0.3, 1)
)
TOKENS = st.integers(1, 200_000)


def fitted(tok_per_s, kv_growth=0.5):
    form = fit(LENGTHS_IN, LENGTHS_OUT, tok_per_s, kv_growth)
    return np.array([form.prefill, form.decode, form.attention])


def test_seconds_by_hand():
    assert FORM.seconds(1000, 100) == pytest.approx(1.0 + 0.2 + 1e-6 * 100 * 1050)


def test_seconds_are_elementwise():
    seconds = FORM.seconds(np.array([1000, 1000]), np.array([100, 200]))
    assert seconds == pytest.approx([1.305, 1.0 + 0.4 + 1e-6 * 200 * 1100])


def test_tok_per_s_is_answer_over_seconds():
    assert FORM.tok_per_s(1000, 100) == pytest.approx(100 / 1.305)


def test_no_input_leaves_decoding_and_the_answer_s_own_context():
    assert FORM.seconds(0, 100) == pytest.approx(0.2 + 1e-6 * 100 * 50)


def test_one_token_answer_reads_the_prompt_once():
    assert FORM.seconds(1000, 1) == pytest.approx(1.0 + 0.002 + 1e-6 * 1000.5)


def test_kv_growth_weighs_the_answer_in_its_context():
    whole = GpuSeconds(prefill=0, decode=0, attention=1e-6, kv_growth=1)
    assert whole.seconds(1000, 100) == pytest.approx(1e-6 * 100 * 1100)


@FUZZ
@given(FORMS, TOKENS, TOKENS, st.integers(1, 10_000))
def test_seconds_grow_with_either_length(form, input_tokens, output_tokens, more):
    seconds = form.seconds(input_tokens, output_tokens)
    assert form.seconds(input_tokens + more, output_tokens) > seconds
    assert form.seconds(input_tokens, output_tokens + more) > seconds


@FUZZ
@given(st.floats(-9, 3), st.lists(st.floats(0.05, 1), min_size=3, max_size=3), st.floats(0.3, 1))
def test_fit_recovers_coefficients_of_any_scale(magnitude, parts, kv_growth):
    known = 10**magnitude * np.array(parts) * [1, 1, 1e-3]  # each matters at a thousand tokens
    form = GpuSeconds(prefill=known[0], decode=known[1], attention=known[2], kv_growth=kv_growth)
    assert fitted(form.tok_per_s(LENGTHS_IN, LENGTHS_OUT), kv_growth) == pytest.approx(known, rel=1e-7, abs=0)


@FUZZ
@given(FORMS)
def test_fit_reproduces_exact_rows_whatever_the_mix_of_scales(form):
    observed = form.tok_per_s(LENGTHS_IN, LENGTHS_OUT)
    again = fit(LENGTHS_IN, LENGTHS_OUT, observed, form.kv_growth)
    assert again.tok_per_s(LENGTHS_IN, LENGTHS_OUT) == pytest.approx(observed, rel=1e-9, abs=0)


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_an_absent_term_is_fitted_as_none(absent):
    known = np.array([1e-3, 2e-3, 1e-6])
    known[absent] = 0
    form = GpuSeconds(prefill=known[0], decode=known[1], attention=known[2], kv_growth=0.5)
    assert fitted(form.tok_per_s(LENGTHS_IN, LENGTHS_OUT)) == pytest.approx(known, rel=1e-9, abs=1e-15)


def test_fit_minimises_relative_errors():
    # One length, s = 1 and s = 3: the k with least (k/1 - 1)^2 + (k/3 - 1)^2 is (1 + 1/3) / (1 + 1/9) = 1.2, not 2.
    form = fit(np.full(2, 1000.0), np.full(2, 100.0), np.array([100, 100 / 3]), 0.5)
    assert form.seconds(1000, 100) == pytest.approx(1.2)


def test_fit_keeps_kv_growth():
    assert fit(LENGTHS_IN, LENGTHS_OUT, FORM.tok_per_s(LENGTHS_IN, LENGTHS_OUT), 0.6).kv_growth == 0.6


@FUZZ
@given(st.lists(st.floats(0.01, 100), min_size=7, max_size=7))
def test_noisy_rows_never_give_a_negative_coefficient(noise):
    coefficients = fitted(FORM.tok_per_s(LENGTHS_IN, LENGTHS_OUT) * noise)
    assert (coefficients >= 0).all()
    assert coefficients.max() > 0


@FUZZ
@given(st.permutations(range(7)), st.lists(st.floats(0.8, 1.25), min_size=7, max_size=7))
def test_row_order_changes_nothing(order, noise):
    observed = FORM.tok_per_s(LENGTHS_IN, LENGTHS_OUT) * noise
    form = fit(LENGTHS_IN[order], LENGTHS_OUT[order], observed[order], 0.5)
    assert [form.prefill, form.decode, form.attention] == pytest.approx(fitted(observed), rel=1e-7, abs=1e-12)


@FUZZ
@given(st.lists(st.floats(0.8, 1.25), min_size=7, max_size=7))
def test_doubled_throughput_halves_every_coefficient(noise):
    observed = FORM.tok_per_s(LENGTHS_IN, LENGTHS_OUT) * noise
    assert fitted(2 * observed) == pytest.approx(fitted(observed) / 2, rel=1e-9, abs=0)
