"""GPU time of queries by their parts, and what serves a study's models: own rows first, relatives next."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.requests.lengths import Lengths
from inference_energy.studies.study import NestedStudy
from inference_energy.throughput import borrowing, fits
from inference_energy.throughput.gpu_time import GpuSeconds, NodeCurve, QueryParts, SecondsCurve, gpu_seconds
from inference_energy.throughput.log_linear import ThroughputModel

ROOT = Path(__file__).parents[3]
FUZZ = settings(max_examples=60, deadline=None, derandomize=True)
FORM = GpuSeconds(prefill=1e-3, decode=2e-3, attention=1e-6, kv_growth=0.6)
CURVE = SecondsCurve(form=FORM)
# 1,000 tokens in, 100 out: 1 s of prefill, 0.2 s of decoding, 0.1 s reading the prompt's cache, 0.006 s the answer's.
SECONDS = {"prefill": 1.0, "decode": 0.2, "context": 0.1, "growth": 0.006}
EVERYTHING = ("prefill", "decode", "attention", "gpu_seconds", "input_tokens", "output_tokens", "cached_share")


def queries(input_tokens, output_tokens, cached_share=0.0, weights=None):
    columns = [np.atleast_1d(np.asarray(values, float)) for values in (input_tokens, output_tokens, cached_share)]
    tokens_in, tokens_out, cached = np.broadcast_arrays(*columns)
    weights = np.full(len(tokens_in), 1 / len(tokens_in)) if weights is None else np.asarray(weights)
    return Lengths(input_tokens=tokens_in, output_tokens=tokens_out, cached_share=cached, weights=weights)


def seconds(of, cached=0.0, /, curve=CURVE, **divisors):
    return gpu_seconds(curve.coefficients(), curve.parts(of), cached, divisors)


def test_seconds_by_hand():
    assert seconds(queries(1000, 100)) == pytest.approx([1.306])


def test_parts_by_hand():
    parts, weigh = CURVE.parts(queries(1000, 100, 0.25)), CURVE.coefficients()
    assert (parts.prefill, parts.decode, parts.context, parts.growth) == ([750], [100], [100_000], [10_000])
    assert weigh == pytest.approx({"a": 1e-3, "b": 2e-3, "c": 1e-6, "cg": 0.6e-6})


def test_seconds_are_those_of_the_form():
    of = queries([1, 1000, 7, 30_000], [1, 100, 5000, 1])
    assert seconds(of) == pytest.approx(FORM.seconds(of.input_tokens, of.output_tokens))
    cached = seconds(of, 0.4)
    assert cached == pytest.approx(FORM.seconds(of.input_tokens, of.output_tokens, 0.4 * of.input_tokens))


def test_cached_prompts_are_not_prefilled_but_still_read():
    assert seconds(queries(1000, 100), 0.4) == pytest.approx([0.906])


def test_cached_shares_of_trace_and_study_both_count():
    assert seconds(queries(1000, 100, 0.5), 0.5) == pytest.approx([0.25 + 0.306])


@pytest.mark.parametrize(("of_trace", "of_study"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_fully_cached_prompts_take_no_prefill(of_trace, of_study):
    assert seconds(queries(1000, 100, of_trace), of_study) == pytest.approx([0.306])


def test_no_prompt_leaves_decoding_and_the_answer_s_own_context():
    assert seconds(queries(0, 100)) == pytest.approx([0.206])


def test_one_token_of_each():
    assert seconds(queries(1, 1)) == pytest.approx([1e-3 + 2e-3 + 1e-6 + 0.6e-6])


def test_cached_share_may_differ_between_queries():
    assert seconds(queries([1000, 1000], [100, 100]), np.array([0, 1])) == pytest.approx([1.306, 0.306])


@pytest.mark.parametrize(
    ("divisor", "expected"),
    [
        ("prefill", 0.5 + 0.2 + 0.1 + 0.006),
        ("decode", 1 + 0.1 + 0.1 + 0.006),
        ("attention", 1 + 0.2 + 0.05 + 0.003),
        ("gpu_seconds", 0.653),
        ("input_tokens", 0.5 + 0.2 + 0.05 + 0.006),
        ("output_tokens", 1 + 0.1 + 0.05 + 0.0015),
        ("cached_share", 0.5 + 0.2 + 0.1 + 0.006),
    ],
)
def test_divisors_one_by_one(divisor, expected):
    assert seconds(queries(1000, 100), **{divisor: 2}) == pytest.approx([expected])


def test_divisor_of_the_cached_share_divides_what_is_not_cached():
    # Half of what is not cached: from 0.6 to 0.3 of the prompt.
    assert seconds(queries(1000, 100), 0.4, cached_share=2) == pytest.approx(seconds(queries(1000, 100), 0.7))


def test_divisors_of_tokens_shorten_the_query():
    shorter = seconds(queries(1000, 100), 0.4, input_tokens=4, output_tokens=5)
    assert shorter == pytest.approx(seconds(queries(250, 20), 0.4))


def test_divisors_multiply():
    parts = SECONDS["prefill"] / (2 * 3 * 5), SECONDS["decode"] / (7 * 4), SECONDS["context"] / (6 * 5 * 4)
    by = {"prefill": 2, "cached_share": 3, "input_tokens": 5, "decode": 7, "output_tokens": 4, "attention": 6}
    expected = (sum(parts) + SECONDS["growth"] / (6 * 4**2)) / 8
    assert seconds(queries(1000, 100), **by, gpu_seconds=8) == pytest.approx([expected])


def test_divisors_of_1_change_nothing():
    assert seconds(queries(1000, 100), **dict.fromkeys(EVERYTHING, 1)) == pytest.approx([1.306])


def test_divisors_may_be_one_per_draw():
    parts = CURVE.parts(queries([1000], [100])).means(np.ones(1))
    found = gpu_seconds(CURVE.coefficients(), parts, 0.0, {"gpu_seconds": np.array([1, 2]), "decode": np.array([1, 4])})
    assert found == pytest.approx([1.306, (1.306 - 0.15) / 2])


@pytest.mark.parametrize("divisor", EVERYTHING)
@FUZZ
@given(by=st.floats(1.01, 100), cached=st.floats(0, 0.9))
def test_any_divisor_above_1_saves_time_and_no_more_than_its_square(divisor, by, cached):
    of = queries(1000, 100)
    before, after = seconds(of, cached), seconds(of, cached, **{divisor: by})
    assert before / by**2 <= after < before


TOKENS = st.integers(1, 200_000)


@FUZZ
@given(TOKENS, TOKENS, st.integers(1, 10_000), st.floats(0, 0.99))
def test_seconds_grow_with_tokens_and_fall_with_caching(input_tokens, output_tokens, more, cached):
    first, longer_prompt, longer_answer = seconds(
        queries(
            [input_tokens, input_tokens + more, input_tokens], [output_tokens, output_tokens, output_tokens + more]
        ),
        cached,
    )
    assert first < longer_prompt
    assert first < longer_answer
    assert seconds(queries(input_tokens, output_tokens), cached + 0.01)[0] < first


POINTS = st.lists(st.tuples(TOKENS, TOKENS, st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=6)


@FUZZ
@given(POINTS, st.floats(0, 1), st.fixed_dictionaries({name: st.floats(0.5, 5) for name in EVERYTHING}))
def test_mean_of_seconds_is_the_seconds_of_mean_parts(points, cached, divisors):
    tokens_in, tokens_out, shares, weights = np.array(points).T
    of = queries(tokens_in, tokens_out, shares, weights / weights.sum())
    parts = CURVE.parts(of).means(of.weights)
    assert gpu_seconds(CURVE.coefficients(), parts, cached, divisors) == pytest.approx(
        of.mean(seconds(of, cached, **divisors))
    )


def test_parts_at_some_positions():
    parts = CURVE.parts(queries([10, 20, 30], [1, 2, 3]))
    found = parts.at(np.array([2, 0, 0]))
    assert isinstance(found, QueryParts)
    assert found.prefill.tolist() == [30, 10, 10]
    assert found.growth.tolist() == [9, 1, 1]


LOG_LINEAR = ThroughputModel(form="log_linear", intercept=8.0, slope_input=-0.1, slope_output=0.2, cap_tok_per_s=5000)


def test_node_curve_is_eight_gpus_for_the_length_of_the_answer():
    constant = ThroughputModel(
        form="constant", intercept=np.log(1300), slope_input=0, slope_output=0, cap_tok_per_s=1300
    )
    assert seconds(queries(1000, 300), curve=NodeCurve(form=constant)) == pytest.approx([8 * 300 / 1300])


def test_node_curve_follows_its_throughput_and_knows_no_cache():
    of = queries([100, 1000, 20_000], [10, 300, 5000], 0.5)
    expected = 8 * of.output_tokens / LOG_LINEAR.tok_per_s(of.input_tokens, of.output_tokens)
    curve = NodeCurve(form=LOG_LINEAR)
    assert seconds(of, curve=curve) == pytest.approx(expected)
    assert seconds(of, 0.7, curve=curve) == pytest.approx(expected)
    assert seconds(of, curve=curve, gpu_seconds=2) == pytest.approx(expected / 2)
    means = curve.parts(of).means(of.weights)
    assert gpu_seconds(curve.coefficients(), means) == pytest.approx(of.mean(expected))


H100, H200 = {"gpu": "H100", "precision": "FP8"}, {"gpu": "H200", "precision": "FP8"}


def study(*hardware, models=("A",), sources=None, **classes):
    return NestedStudy.of(
        {
            "hardware": [{"share": 1} | entry for entry in hardware or (H100,)],
            "throughput": {"form": "gpu_seconds"} | ({} if sources is None else {"sources": sources}),
            "classes": classes or {"frontier": {"weights": dict.fromkeys(models, 1)}},
        }
    )


def mix(of, model_class):
    return [entry.plain() for entry in of.hardware_mix(model_class)]


def test_hardware_mix_sums_to_1_and_drops_zeros():
    entries = H100 | {"share": 1}, H200 | {"share": 3}, {"gpu": "B200", "precision": "FP4", "share": 0}
    assert mix(study(*entries), "frontier") == [H100 | {"share": 0.25}, H200 | {"share": 0.75}]


def test_hardware_of_a_class_replaces_that_of_all():
    own = {"weights": {"A": 1}, "hardware": [H200 | {"share": 5}]}
    both = study(H100, frontier=own, small={"weights": {"B": 1}})
    assert mix(both, "frontier") == [H200 | {"share": 1}]
    assert mix(both, "small") == [H100 | {"share": 1}]
    assert both.members() == [("A", "H200", "FP8"), ("B", "H100", "FP8")]


@FUZZ
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5).filter(any))
def test_mixes_sum_to_1(shares):
    entries = [{"gpu": str(place), "precision": "FP8", "share": share} for place, share in enumerate(shares)]
    weights = {str(place): share for place, share in enumerate(shares)}
    mixed = study(*entries, frontier={"weights": weights})
    for found in (
        [entry.share for entry in mixed.hardware_mix("frontier")],
        list(mixed.classes["frontier"].model_shares().values()),
    ):
        assert sum(found) == pytest.approx(1)
        assert min(found) >= 0
        assert len(found) == sum(share > 0 for share in shares)


def test_model_weights_sum_to_1_and_drop_zeros():
    mixed = study(frontier={"weights": {"A": 1, "B": 0, "C": 4}})
    assert mixed.classes["frontier"].model_shares() == {"A": 0.2, "C": 0.8}


def test_members_are_listed_once_whatever_classes_they_are_in():
    both = study(H100, H200 | {"share": 0}, one={"weights": {"A": 1, "B": 0}}, other={"weights": {"C": 1, "A": 1}})
    assert both.members() == [("A", "H100", "FP8"), ("C", "H100", "FP8")]


MODELS = pl.DataFrame(
    {
        "model": ["A", "A tuned", "B", "C", "Unrelated"],
        "aliases": ["org/A|a", None, None, "org/C", None],
        "same_network_as": [None, "A", None, None, None],
        "active_parameters_billions": [10.0, 10.0, 40.0, 90.0, 1.0],
        "architecture": ["dense", "dense", "dense", "moe", "hybrid"],
    }
)
HARDWARE = pl.DataFrame(
    {
        "gpu": ["H100", "H200", "B200"],
        "aliases": ["H100 SXM | NVIDIA H100", None, None],
        "memory_bandwidth_gb_per_s": [3000.0, 6000.0, 9000.0],
        "peak_fp16_tflop_per_s": [1000.0, 1000.0, 2000.0],
        "peak_fp8_tflop_per_s": [2000.0, 2000.0, 4000.0],
        "peak_fp4_tflop_per_s": [None, None, 8000.0],
        "peak_int8_tflop_per_s": [2000.0, 2000.0, 4000.0],
    }
)
FIT = {
    "configuration": "1.0",
    "source": "bench",
    "model": "A",
    **H100,
    "engine_version": "1.0",
    "rows": 7,
    "prefill_s_per_token": 1e-3,
    "decode_s_per_token": 2e-3,
    "attention_s_per_token2": 1e-6,
    "kv_growth": 0.6,
    "fit_error_log_sd": 0.08,
    "input_tokens_min": 100.0,
    "input_tokens_max": 4000.0,
    "output_tokens_min": 128.0,
    "output_tokens_max": 2048.0,
}
ERRORS = {"other_version": 1.3, "other_gpu": 1.4, "other_model": 1.5, "other_architecture": 2.0}
FORMS = pl.DataFrame(
    [
        {"form": form, "configuration": configuration, "ratio_geometric_sd": error}
        for form, error in {"gpu_seconds": 1.1, **{f"borrowed_{name}": of for name, of in ERRORS.items()}}.items()
        for configuration, error in (("1.0", 99.0), ("all", error))
    ]
)
LEFT_OUT = pl.DataFrame(
    [("1.0", "gpu_seconds", 0.9), ("1.0", "gpu_seconds", 1.2), ("1.0", "log_linear", 7.0), ("x", "gpu_seconds", 9.0)],
    schema=["configuration", "form", "ratio"],
    orient="row",
)


def version(of, **facts):
    return {"configuration": of, "engine_version": of, **facts}


def fitted(of, *rows):
    return borrowing.fit_members(
        "own",
        of,
        coefficients=pl.DataFrame([FIT | row for row in rows], schema_overrides={"engine_version": pl.String}),
        left_out=LEFT_OUT,
        forms=FORMS,
        models=MODELS,
        hardware=HARDWARE,
    )


def fitted_row(of, *rows):
    return fitted(of, *rows).row(0, named=True)


def message_of(of, *rows):
    with pytest.raises(InputError) as raised:
        fitted(of, *(rows or ({},)))
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    assert message.startswith("config/studies/own.yaml: ")
    return message


def test_own_rows_by_hand():
    kept = ("model", "gpu", "precision", "configuration", "rows", "fit_error_log_sd")
    row = fitted_row(study(), {})
    assert row["study"] == "own"
    assert row["kinship"] == "own_rows"
    assert {name: row[name] for name in kept} == {name: FIT[name] for name in kept}
    assert borrowing.seconds_curve(row) == CURVE
    assert (row["input_tokens_min"], row["output_tokens_max"]) == (100, 2048)
    assert (row["leave_one_out_ratio_min"], row["leave_one_out_ratio_max"]) == (0.9, 1.2)


def test_own_rows_are_preferred_to_any_relative():
    rows = {"model": "B", "configuration": "b"}, H200 | {"configuration": "h"}, {}, {"model": "C", "configuration": "c"}
    assert fitted_row(study(), *rows)["configuration"] == "1.0"


def test_rows_of_the_same_network_are_own_rows():
    row = fitted_row(study(models=("A tuned",)), {})
    assert (row["model"], row["kinship"], row["configuration"]) == ("A tuned", "own_rows", "1.0")


@pytest.mark.parametrize(
    ("older", "newest"), [("0.9", "0.10"), ("0.20", "0.21"), ("0.21", "1.0"), ("1.0", "1.0.1"), ("9", "10")]
)
def test_newest_version_counts_by_number(older, newest):
    faster = {"prefill_s_per_token": 1e-9}
    for rows in ([version(older, **faster), version(newest)], [version(newest), version(older, **faster)]):
        assert fitted_row(study(), *rows)["configuration"] == newest


def test_fastest_parallelism_of_the_newest_version_at_a_thousand_tokens_each():
    # Per query of 1,000 and 1,000: 1 + 2 + 1.6 = 4.6 s; 3 + 0.5 + 0 = 3.5 s; 0.1 + 2 + 3.2 = 5.3 s.
    rows = [
        {"configuration": "tp2"},
        {
            "configuration": "tp4",
            "prefill_s_per_token": 3e-3,
            "decode_s_per_token": 5e-4,
            "attention_s_per_token2": 0.0,
        },
        {"configuration": "tp8", "prefill_s_per_token": 1e-4, "attention_s_per_token2": 2e-6},
    ]
    assert fitted_row(study(), *rows)["configuration"] == "tp4"


def test_order_of_members_is_the_study_s():
    own = {"model": "B", "configuration": "b"}
    found = fitted(study(H200, H100, models=("B", "A")), own, own | H200, {}, H200 | {"configuration": "h"})
    assert found.select("model", "gpu").rows() == [("B", "H200"), ("B", "H100"), ("A", "H200"), ("A", "H100")]


def borrower(of, *rows):
    """The first member of a study beside one with rows of its own, which is no relative of it."""
    other = {"gpu": "B200", "precision": "FP4"}
    member = {"weights": {"Unrelated": 1}, "hardware": [other | {"share": 1}]}
    own = other | {"model": "Unrelated", "configuration": "its own"}
    row = fitted(of.replaced(classes=of.classes | {"last": member}), *rows, own).row(0, named=True)
    assert (row["rows"], row["configuration"]) == (0, None)
    assert row["leave_one_out_ratio_min"] is None
    assert row["fit_error_log_sd"] == pytest.approx(np.log(ERRORS[row["kinship"]]))
    return row


def coefficients(row):
    return tuple(row[name] for name in ("prefill_s_per_token", "decode_s_per_token", "attention_s_per_token2"))


def test_study_that_borrows_everything():
    row = fitted_row(study(models=("B",)), {})
    assert (row["kinship"], row["configuration"], row["leave_one_out_ratio_min"]) == ("other_model", None, None)


def test_rows_without_a_version_are_rows_too_but_older_than_any_version():
    assert fitted_row(study(), {"configuration": "none", "engine_version": None})["configuration"] == "none"
    found = fitted_row(study(), {}, {"configuration": "none", "engine_version": None, "prefill_s_per_token": 1e-9})
    assert found["configuration"] == "1.0"


def test_gpu_without_bandwidth_is_no_target_of_borrowing():
    known = pl.when(pl.col("gpu") != "H200").then("memory_bandwidth_gb_per_s")
    gpus = HARDWARE.with_columns(memory_bandwidth_gb_per_s=known)
    with pytest.raises(InputError, match="A on H200 in FP8: neither it nor a relative was measured"):
        borrowing.fit_members(
            "own",
            study(H200),
            coefficients=pl.DataFrame([FIT]),
            left_out=LEFT_OUT,
            forms=FORMS,
            models=MODELS,
            hardware=gpus,
        )


def test_borrowed_from_another_gpu():
    row = borrower(study(H200), {}, {"model": "B", **H200})
    assert row["kinship"] == "other_gpu"
    # the same arithmetic, twice the bandwidth
    assert coefficients(row) == pytest.approx((1e-3, 1e-3, 0.5e-6))
    assert row["kv_growth"] == 0.6


def test_borrowed_from_another_model():
    row = borrower(study(models=("B",)), {}, {"model": "C"})
    assert row["kinship"] == "other_model"
    assert coefficients(row) == pytest.approx((4e-3, 8e-3, 2e-6))  # four times the parameters


def test_borrowed_from_another_architecture():
    row = borrower(study(models=("C",)), {})
    assert row["kinship"] == "other_architecture"
    assert coefficients(row) == pytest.approx((9e-3, 18e-3, 3e-6))  # nine times the parameters


def test_sources_limit_what_is_used():
    elsewhere = {"source": "other", "configuration": "fast", "prefill_s_per_token": 1e-9}
    assert fitted_row(study(), {}, elsewhere)["configuration"] == "fast"
    assert fitted_row(study(sources=["bench"]), {}, elsewhere)["configuration"] == "1.0"


def test_unknown_source():
    message = message_of(study(sources=["bench", "nope"]))
    assert "throughput.sources: found 'nope'; allowed: bench, which have configurations" in message


def test_unknown_model():
    assert "unknown model 'Aa'; allowed: one of 5 names, such as A" in message_of(study(models=("Aa",)))


def test_unknown_gpu():
    message = message_of(study(H100 | {"gpu": "H1000"}))
    assert "unknown gpu 'H1000'; allowed: one of 3 names, such as " in message
    assert "H100" in message.split("allowed")[1]


@pytest.mark.parametrize("alias", ["org/A", "a"])
def test_alias_of_a_model_is_told_by_its_name(alias):
    assert message_of(study(models=(alias,))).endswith(f"classes: unknown model {alias!r}; allowed: 'A'")


@pytest.mark.parametrize("alias", ["H100 SXM", "NVIDIA H100"])
def test_alias_of_a_gpu_is_told_by_its_name(alias):
    message = message_of(study(H100 | {"gpu": alias}))
    assert message.endswith(f"hardware: unknown gpu {alias!r}; allowed: 'H100'")


@pytest.mark.parametrize("precision", ["fp8", "NF4"])
def test_unknown_precision(precision):
    message = message_of(study(H100 | {"precision": precision}))
    assert f"hardware: unknown precision {precision!r}; allowed: " in message
    assert "FP8" in message.split("allowed")[1]


def test_precision_in_which_nothing_related_was_measured():
    message = message_of(study(H100 | {"precision": "BF16"}, models=("B",)))
    assert "hardware: B on H100 in BF16: neither it nor a relative was measured at several lengths" in message


def test_real_members(read_configured, rows, models, hardware):
    current = read_configured("current")
    measured = fits.measured_at_several_lengths(rows, 6)
    known = fits.coefficients(measured, 0.6).with_columns(fit_error_log_sd=pl.lit(0.1))
    found = borrowing.fit_members(
        "current", current, coefficients=known, left_out=LEFT_OUT, forms=FORMS, models=models[0], hardware=hardware[0]
    )
    assert found.select("model", "gpu", "precision").rows() == current.members()
    assert set(found["kinship"]) <= {"own_rows", *ERRORS}
    for row in found.iter_rows(named=True):
        assert min(coefficients(row)) >= 0
        assert 1e-4 < borrowing.seconds_curve(row).form.seconds(1000, 1000) < 100
    # The corpus has versions 0.20, 0.21 and 1.0 of it.
    newest = found.filter(model="Llama 3.1 405B", gpu="H100 SXM 80GB")["configuration"].item()
    assert newest.endswith("TensorRT-LLM, 1.0, 8 GPUs, TP8")
