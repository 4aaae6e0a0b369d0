"""Numbers of the page for models and GPUs of the reader's own."""

import numpy as np
import pytest
from inference_energy.answers.own import LIMITS, Model
from inference_energy.dashboard import own
from inference_energy.serving.network import network
from inference_energy.serving.replicas import WEIGHT_BYTES
from tiny_package import tiny_package

SPEED = {"serving": {"speed_tok_per_s": 40, "replica_gpus": [1, 2], "speculative_share": 0.5}}


@pytest.fixture(scope="module")
def found():
    package = tiny_package(**SPEED)
    return own.own_parameters(package.studies["current"], package.tables, seed=1)


def test_a_study_without_a_speed_has_none():
    package = tiny_package()
    assert own.own_parameters(package.studies["current"], package.tables, seed=1) is None


def test_every_array_can_be_coded_and_has_a_value_a_draw(found):
    arrays = []

    def collect(value):
        if isinstance(value, np.ndarray):
            arrays.append(value)
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                collect(each)

    collect(found)
    assert {len(each) for each in arrays} == {own.DRAWS}
    assert all((each >= 0).all() for each in arrays)


def test_models_gpus_and_mixes(found):
    assert list(found["models"]) == ["A", "B"]
    assert list(found["named"]) == ["G", "H", "own GPU"]
    assert found["named"]["G"] in found["gpus"]
    of = found["gpus"]["G, FP8"]
    assert (of["memory_b"], of["tdp_w"], of["bandwidth_b_per_s"]) == (100e9, 1000, 8e12)
    assert (of["peak_flop_per_s"], of["peak_16_bit_flop_per_s"], of["precision"]) == (1e15, 1e15, "FP8")
    assert of["node"]["idle"] == pytest.approx(0.1)
    assert of["node"]["saturated"] == pytest.approx(0.9)
    assert of["node"]["host_idle_w"] == pytest.approx(100)
    assert set(found["mixes"]) == {"small", "medium", "large", "frontier"}
    assert [entry["on"] for entry in found["mixes"]["small"]] == ["G, FP8"]
    assert found["mixes"]["small"][0]["share"].tolist() == [1.0] * own.DRAWS
    a = found["models"]["A"]
    assert a["network"]["active_parameters"] == 8e9 and a["widths"]["FP8"]["shared_bytes"] == 8e9
    assert set(a["widths"]) == {"FP4", "FP8", "BF16"}
    assert set(np.unique(a["speculative"])) == {0.0, 1.0} and a["speculative"].mean() == pytest.approx(0.5, abs=0.01)


def test_queries_are_those_of_the_workload(found):
    of = found["queries"]
    assert (of["input_tokens"], of["output_tokens"]) == (1000, 500)
    assert (of["context_tokens"], of["context_tokens2"]) == (1250, 625_000)
    assert of["uncached_tokens"].tolist() == [1000.0] * own.DRAWS


@pytest.mark.parametrize("total", [1.0, 8.0, 13.0, 70.0, 405.0])
def test_a_dense_network_grows_as_that_of_the_package(found, total):
    """What `own.js` does with `per_layer` and `per_layer_and_width`."""
    package = tiny_package(**SPEED)
    wanted = network(Model(total_b=total).row(package.tables.models).row(0, named=True))
    of, layers = found["network"], wanted["layers"]
    width = np.sqrt(total * 1e9 / (12 * layers))
    grown = {name: value * layers for name, value in of["per_layer"].items()}
    grown |= {name: value * layers * width for name, value in of["per_layer_and_width"].items()}
    built = of["dense"] | grown | {"active_parameters": total * 1e9}
    for name in set(built) & set(wanted):
        assert built[name] == pytest.approx(wanted[name], rel=1e-12), name


@pytest.mark.parametrize(("total", "active"), [(30.0, 3.0), (120.0, 5.1), (671.0, 37.0), (2000.0, 50.0)])
def test_a_network_with_experts_has_the_layers_of_all(found, total, active):
    package = tiny_package(**SPEED)
    wanted = network(Model(total_b=total, active_b=active).row(package.tables.models).row(0, named=True))
    built = found["network"]["experts"]
    for name in set(built) & set(wanted) - {"active_parameters", "experts"}:
        assert built[name] == wanted[name], name


def test_widths_by_hand(found):
    widths = found["widths"]
    assert set(widths) == {"FP4", "FP8", "BF16"}
    assert {name.rsplit(" ", 1)[0] for name in widths["FP8"]} == {"", *WEIGHT_BYTES}
    assert widths["FP4"]["FP8 dense"] == pytest.approx({"shared_bytes": 0.5625, "expert_bytes": 0, "kv_bytes": 1})
    # Experts keep the format of their release where that is narrower; what is beside them has 8 bits or, of MXFP4, 16.
    assert widths["BF16"]["MXFP4 experts"] == pytest.approx({"shared_bytes": 2, "expert_bytes": 0.53, "kv_bytes": 2})
    assert widths["FP8"][" experts"] == pytest.approx({"shared_bytes": 1, "expert_bytes": 1, "kv_bytes": 1})


def test_limits_are_those_of_models_and_gpus(found):
    of = found["limits"]
    assert of["Model"]["total_b"]["allowed"] == "0.01 to 100,000 billions of parameters"
    assert set(of["Gpu"]) == set(LIMITS) - {"gpus_per_node"}
    optional = {name for limits in of.values() for name, limit in limits.items() if limit["optional"]}
    assert optional == {"active_b", "peak_fp8_tflop_per_s", "peak_fp4_tflop_per_s"}
