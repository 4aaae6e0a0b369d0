"""Replicas: weights, formats and the batch that memory holds."""

from dataclasses import fields

import polars as pl
import pytest
from check_rows import hardware, models
from hypothesis import given, strategies as st
from inference_energy.corpus.tables import PRECISIONS
from inference_energy.serving.replicas import COMPUTES_IN, WEIGHT_BYTES, Registries, Replicas
from serving_replicas import ONE, SPARSE, grid, replica

DENSE = {"model": "dense", "total_parameters_billions": 8, "active_parameters_billions": 8}
MOE = {
    **{"model": "moe", "total_parameters_billions": 130, "active_parameters_billions": 10},
    **{"experts": 128, "experts_per_token": 8, "layers": 60},
}
H100 = {"gpu": "H100 SXM 80GB"}
KEPT = {"kv_stored": 65536}


def one(model=DENSE, gpu=H100, precision="FP8"):
    """The one row described of a model on a GPU."""
    runs = pl.DataFrame({"model": [model["model"]], "gpu": [gpu["gpu"]], "precision": [precision]})
    return Registries(models=models(model), hardware=hardware(gpu)).described(runs).row(0, named=True)


def test_every_field_comes_from_a_column():
    of = Replicas.of(grid())
    assert {len(getattr(of, field.name)) for field in fields(Replicas)} == {len(grid())}
    assert {field.name for field in fields(Replicas)} == {*ONE, "context_tokens", "attention_prompt_flop"}


def test_context_is_the_prompt_and_half_of_the_answer_unless_it_is_stated():
    assert Replicas.of(grid()).context_tokens[:1] == pytest.approx(
        grid()["input_tokens"][0] + grid()["output_tokens"][0] / 2
    )
    stated = Replicas.of(grid().with_columns(context_tokens=7.0))
    assert (stated.context_tokens == 7).all()


def test_keys_of_the_context_are_kept():
    free = 0.93 * 80e9 - 16e9
    assert replica(**KEPT, context_tokens=2000).largest_batch() == pytest.approx([free / (65536 * 2000 * 2 + 1e5)])


def test_every_precision_of_the_corpus_has_a_width_and_a_format():
    assert set(WEIGHT_BYTES) == set(COMPUTES_IN) == set(PRECISIONS)


def test_largest_batch_by_hand():
    free = 0.93 * 80e9 - 16e9
    assert replica(**KEPT).largest_batch() == pytest.approx([free / (65536 * 1100 * 2 + 1e5)])
    assert replica(**KEPT, gpus=2).largest_batch() == pytest.approx([(free + 0.93 * 80e9) / (65536 * 1100 * 2 + 1e5)])


def test_a_model_that_does_not_fit_has_no_batch():
    assert replica(**KEPT, shared_bytes=75e9).largest_batch() < 1


def test_all_experts_are_kept():
    assert replica(**SPARSE).weight_bytes == pytest.approx([1e9 + 128e8])


def test_more_gpus_than_heads_keep_copies():
    of = replica(gpus=[2, 8, 16, 16], attention_data_parallel=[0, 0, 0, 1])
    assert of.kv_copies.tolist() == [1, 1, 2, 1]


def test_a_layer_with_a_window_keeps_the_window():
    free = 0.93 * 80e9 - 16e9
    of = replica(kv_stored_window=65536, window_tokens=[128, 4096])
    assert of.largest_batch() == pytest.approx([free / (65536 * 128 * 2 + 1e5), free / (65536 * 1100 * 2 + 1e5)])


def test_a_state_takes_memory_whatever_the_length():
    of = replica(state=1e6, input_tokens=[10, 10_000])
    assert of.largest_batch() == pytest.approx([(0.93 * 80e9 - 16e9) / 2.1e6] * 2)


@given(st.floats(1, 1e5), st.floats(1.01, 10))
def test_longer_contexts_leave_room_for_fewer(tokens, factor):
    short, long = replica(**KEPT, input_tokens=[tokens, factor * tokens]).largest_batch()
    assert long < short


@pytest.mark.parametrize(
    ("precision", "width", "computes"),
    [("BF16", 2, "BF16"), ("FP16", 2, "BF16"), ("FP8", 1, "FP8"), ("INT8", 1, "FP8"), ("INT4", 0.53, "FP8")],
)
def test_weights_of_a_dense_model(precision, width, computes):
    found = one(precision=precision)
    assert found["shared_bytes"] == pytest.approx(8e9 * width)
    assert (found["expert_bytes"], found["computes_in"]) == (0, computes)
    assert found["kv_bytes"] == (2 if computes == "BF16" else 1)


@pytest.mark.parametrize(
    ("native", "precision", "expert", "beside"),
    [
        *(("BF16", "BF16", 2, 2), ("FP8", "FP8", 1, 1), ("FP8", "FP4", 0.5625, 1)),
        *(("FP4", "FP8", 0.5625, 1), ("MXFP4", "FP4", 0.53, 2), (None, "BF16", 2, 2)),
    ],
)
def test_weights_of_experts_and_of_what_is_beside_them(native, precision, expert, beside):
    found = one(MOE | {"native_precision": native}, precision=precision)
    assert found["expert_bytes"] == pytest.approx(1e9 * expert)  # (130 - 10) / (128 - 8) billion
    assert found["shared_bytes"] == pytest.approx(2e9 * beside)


def test_peaks_are_of_the_format_or_of_16_bits():
    assert one(precision="FP8")["peak_flop_per_s"] == 1979e12
    assert one(precision="BF16")["peak_flop_per_s"] == 989e12
    assert one(precision="FP4")["peak_flop_per_s"] == 989e12  # an H100 has none for FP4
    assert one(gpu=H100 | {"peak_fp4_tflop_per_s": 9000}, precision="FP4")["peak_flop_per_s"] == 9000e12
    assert one(gpu=H100 | {"peak_fp8_tflop_per_s": None})["peak_flop_per_s"] == 989e12


def test_a_peak_of_16_bits_may_be_a_quarter_of_that_of_4():
    found = one(gpu=H100 | {"peak_fp16_tflop_per_s": None, "peak_fp4_tflop_per_s": 10_000})
    assert found["peak_16_bit_flop_per_s"] == 2500e12


def test_gpus_without_a_peak_are_left_out():
    runs = pl.DataFrame({"model": ["dense"], "gpu": ["H100 SXM 80GB"], "precision": ["FP8"]})
    of = Registries(models=models(DENSE), hardware=hardware(H100 | {"peak_fp16_tflop_per_s": None}))
    assert len(of.described(runs)) == 0


def test_facts_of_the_gpu_are_in_base_units():
    found = one()
    assert (found["memory_b"], found["bandwidth_b_per_s"], found["tdp_w"]) == (80e9, 3350e9, 700)
    assert (found["vendor"], found["generation"]) == ("NVIDIA", "Hopper")
