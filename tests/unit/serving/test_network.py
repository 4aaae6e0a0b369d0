"""What a token of a model reads and computes."""

import numpy as np
import pytest
from check_rows import models
from hypothesis import given, strategies as st
from inference_energy.serving.network import (
    STAGES,
    dense_layers,
    dense_width,
    network,
    networks,
    shared_parameters,
    typical_expert,
    typical_experts,
)

R1 = {
    **{"architecture": "moe", "total_parameters_billions": 671, "active_parameters_billions": 37, "layers": 61},
    **{"hidden_size": 7168, "experts": 256, "experts_per_token": 8, "latent_kv_size": 576, "attention": "latent"},
}
GPT_OSS = {
    **{"architecture": "moe", "total_parameters_billions": 117, "active_parameters_billions": 5.1, "layers": 36},
    **{"hidden_size": 2880, "experts": 128, "experts_per_token": 4, "key_value_heads": 8, "head_dimension": 64},
    **{"attention": "sliding_window_mixed", "attention_window_tokens": 128, "full_attention_layers": 18},
}
V4 = {
    **{"architecture": "moe", "total_parameters_billions": 1600, "active_parameters_billions": 49, "layers": 61},
    **{"hidden_size": 7168, "experts": 384, "experts_per_token": 6, "key_value_heads": 1, "head_dimension": 512},
    **{"attention": "compressed_sparse", "attention_window_tokens": 128},
}
V32 = R1 | {"attention": "sparse_latent", "attention_window_tokens": 2048}
DENSE = {"total_parameters_billions": 8, "active_parameters_billions": 8}


def of(row):
    return network(models(row).row(0, named=True))


def test_latent_attention_and_experts_by_hand():
    found = of(R1)
    expert = 634e9 / 248  # what is not active, over the experts that are not used
    assert found["expert_parameters"] == pytest.approx(expert)
    assert found["shared_parameters"] == pytest.approx(37e9 - 8 * expert)
    assert (found["experts"], found["experts_per_token"], found["with_experts"], found["layers"]) == (256, 8, 1, 61)
    assert (found["kv_full"], found["kv_stored"], found["key_value_heads"]) == (576 * 61, 576 * 61, 1)
    assert (found["kv_window"], found["window_tokens"], found["state"], found["attention_stages"]) == (0, 1, 0, 1)
    assert found["attention_full_flop"] == pytest.approx(2 * 128 * (576 + 512) * 61)
    # A prompt attends to keys of 128 + 64 numbers and values of 128, unpacked from the latents.
    assert found["attention_prompt_flop"] == pytest.approx(2 * 128 * (192 + 128) * 61)


def test_query_heads_decide_the_work_of_attention():
    halved = of(R1 | {"query_heads": 64})
    for name in ("attention_full_flop", "attention_prompt_flop"):
        assert halved[name] == pytest.approx(of(R1)[name] / 2)
    wide = of(GPT_OSS | {"query_heads": 64})  # 4,096 numbers of all heads, the width being 2,880
    assert wide["attention_full_flop"] == wide["attention_prompt_flop"] == 4 * 64 * 64 * 18
    selecting = of(V32 | {"query_heads": 64})
    assert selecting["attention_full_flop"] == 2 * 32 * 128 * 61
    assert of(V4 | {"query_heads": 64})["attention_window_flop"] == pytest.approx(30.5 * 4 * 64 * 512)


def test_dense_model_of_8_billion_without_configuration():
    found = of(DENSE)
    assert (found["layers"], found["key_value_heads"], found["attention_stages"]) == (32, 8, 0)
    assert (found["experts"], found["experts_per_token"], found["expert_parameters"]) == (1, 0, 0)
    assert found["shared_parameters"] == found["active_parameters"] == 8e9
    assert found["kv_full"] == found["kv_stored"] == 2 * 8 * 128 * 32
    assert found["attention_full_flop"] == pytest.approx(4 * 32 * (8e9 / (12 * 32)) ** 0.5)


@pytest.mark.parametrize(("billions", "layers"), [(8, 32), (70, 80), (405, 126)])
def test_layers_of_dense_models(billions, layers):
    found = of({"total_parameters_billions": billions, "active_parameters_billions": billions})
    assert found["layers"] == pytest.approx(layers, rel=0.16)


def test_sliding_window_in_half_of_the_layers():
    found = of(GPT_OSS)
    assert found["kv_full"] == found["kv_window"] == 2 * 8 * 64 * 18
    assert found["kv_stored"] == found["kv_stored_window"] == 2 * 8 * 64 * 18
    assert found["window_tokens"] == 128
    assert found["attention_full_flop"] == found["attention_window_flop"] == 4 * 2880 * 18


def test_sliding_window_in_every_layer():
    found = of(DENSE | {"layers": 32, "attention": "sliding_window", "attention_window_tokens": 4096})
    assert (found["kv_full"], found["kv_stored"], found["attention_full_flop"]) == (0, 0, 0)
    assert found["kv_window"] == found["kv_stored_window"] == 2 * 8 * 128 * 32
    assert found["window_tokens"] == 4096


def test_compressed_attention():
    found = of(V4)
    half = 30.5
    assert found["kv_full"] == half * 512 / 128
    assert found["kv_window"] == half * 512
    assert found["window_tokens"] == 1024 + 128
    assert found["kv_stored"] == half * 512 * (1 / 4 + 1 / 128)
    assert found["attention_window_flop"] == pytest.approx(half * 4 * 128 * 512)
    assert found["attention_full_flop"] == pytest.approx(half * 4 * 128 * 512 / 128)
    assert (found["attention_stages"], found["key_value_heads"], found["kv_stored_window"]) == (3, 1, 0)


def test_selected_tokens_of_latent_attention_and_an_index_of_all():
    found = of(V32)
    assert (found["kv_full"], found["kv_window"], found["window_tokens"]) == (128 * 61, 576 * 61, 2048)
    assert found["kv_stored"] == (576 + 128) * 61
    assert found["attention_full_flop"] == found["attention_prompt_flop"] == 2 * 64 * 128 * 61
    assert found["attention_window_flop"] == of(R1)["attention_full_flop"]


def test_layers_that_select_tokens_keep_them_all():
    found = of(GPT_OSS | {"attention": "sparse"})
    assert found["kv_stored"] == 2 * 8 * 64 * 36
    assert (found["kv_window"], found["kv_stored_window"]) == (2 * 8 * 64 * 18, 0)


def test_linear_attention_keeps_a_state_whatever_the_length():
    found = of(DENSE | {"hidden_size": 4096, "layers": 48, "attention": "linear_mixed", "full_attention_layers": 12})
    assert found["state"] == 256 * 4096 * 36
    assert found["kv_full"] == found["kv_stored"] == 2 * 8 * 128 * 12
    assert (found["kv_window"], found["window_tokens"]) == (0, 1)


MAY_BE_NONE = {
    "expert_parameters",
    "experts_per_token",
    "with_experts",
    "attention_stages",
    "kv_window",
    "kv_stored_window",
    "state",
    "attention_window_flop",
}


@given(st.floats(0.1, 5000), st.floats(0.001, 1))
def test_parameters_alone_give_finite_positive_columns(total, share):
    found = of({"total_parameters_billions": total, "active_parameters_billions": total * share})
    assert set(found) == set(of(R1))
    assert np.isfinite(list(found.values())).all()
    assert min(found.values()) >= 0
    assert {name for name, value in found.items() if value == 0} <= MAY_BE_NONE


@given(st.floats(0.1, 5000), st.floats(0.001, 0.99))
def test_used_experts_make_up_the_active_parameters_and_all_are_not_more_than_the_total(total, share):
    found = of({"total_parameters_billions": total, "active_parameters_billions": total * share})
    used = found["shared_parameters"] + found["experts_per_token"] * found["expert_parameters"]
    assert used == pytest.approx(total * share * 1e9)
    everything = found["shared_parameters"] + found["experts"] * found["expert_parameters"]
    assert everything <= total * 1e9 * (1 + 1e-9)
    assert found["shared_parameters"] >= 0.0499 * total * share * 1e9


def test_every_kind_of_attention_has_all_columns(models):
    found = networks(models[0])
    assert set(of(R1)) == set(found.columns) - {"model"}
    assert found.null_count().sum_horizontal().item() == 0
    assert set(models[0]["attention"].drop_nulls()) == set(STAGES)


def test_sizes_of_which_only_parameters_are_known_by_hand():
    assert dense_layers(parameters=8e9) == pytest.approx(32)
    assert dense_width(parameters=12 * 32 * 4096**2, layers=32) == pytest.approx(4096)
    # 0.6 of 10 B active parameters are 8 experts; what is left of 100 B beside the other 4 B is 128 of them.
    assert typical_expert(active_parameters=10e9, experts_per_token=8) == pytest.approx(0.75e9)
    given = {"active_parameters": 10e9, "expert_parameters": 0.75e9}
    assert typical_experts(parameters=100e9, **given) == pytest.approx(128)
    assert shared_parameters(experts_per_token=8, **given) == pytest.approx(4e9)
