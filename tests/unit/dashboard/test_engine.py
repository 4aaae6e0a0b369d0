"""What-ifs on numbers small enough to compute by hand.

Model A on GPU G spends 1 ms per prompt token, 2 ms per answer token and 1 us per pair of answer and context token;
model B twice as much. A GPU-second takes 0.5 Wh at the boards, 0.6 Wh at the node, 0.72 Wh with a PUE of 1.2 and
0.792 Wh with a tenth of overheads.
"""

import copy

import numpy as np
import pytest
from dashboard_engine import POINTS, Question, answer, operation

DRAWS = 4
WH = {"gpu_boards": 0.5, "node": 0.6, "datacenter": 0.72, "fleet": 0.792}
# Prompts of 1,000 tokens: 1 s. Answers of 500: 1 s + 1e-6 500 (1000 + 250) = 0.625 s; of 2,000: 4 s + 4 s.
SECONDS = {"traditional": 2.625, "long": 9.0}
ZONE = {"carbon_gco2e_per_kwh": 400.0, "water_l_per_kwh": 2.0}
EVERY = ("p05", "p50", "p95", "mean")


def same(*values):
    """A value per draw; one number stands for all."""
    return np.broadcast_to(np.array(values, float), (DRAWS,)).copy()


def member(model, gpu, times=1.0, weight=1.0):
    seconds = {"prefill_s": 1e-3, "decode_s": 2e-3, "attention_s": 1e-6}
    return (
        {"model": model, "gpu": gpu, "precision": "FP8", "batch": 10.0 * times, "replica_gpus": 4.0, "reached": 0.5}
        | {name: same(value * times) for name, value in seconds.items()}
        | {"boards": same(0.5), "node": same(0.6), "weight": same(weight)}
    )


def kind(output, members):
    lengths = {"input_tokens": 1000.0, "uncached_tokens": 1000.0, "output_tokens": output}
    return {
        "lengths": {name: np.full(POINTS, value) for name, value in lengths.items()},
        "means": {
            "uncached_tokens": 1000.0,
            "output_tokens": output,
            "context_tokens2": output * (1000 + output / 2),
        },
        "kept": same(1.0),
        "peak": same(1.5),
        "members": {f"{of['model']}, {of['gpu']}, FP8": of for of in members},
    }


def nested(models=("A",), gpus=("G",), weights=None, applied=0.5):
    """A study of one class; with interventions everything takes `applied` times as long."""

    def state(times):
        members = [
            member(model, gpu, times * (2 if model == "B" else 1), (weights or {}).get((model, gpu), 1.0))
            for model in models
            for gpu in gpus
        ]
        return {
            "pue": same(1.2),
            "overhead": same(0.1),
            "capacity": same(0.5),
            "headroom": same(1.6),
            "peak_rate": 1.25,
            "known": {"frontier": dict.fromkeys(models, 1 / len(models))},
            "mix": {"frontier": {model: same(1 / len(models)) for model in models}},
            "hardware": {
                "frontier": [
                    {"gpu": gpu, "precision": "FP8", "known": 1 / len(gpus), "share": same(1 / len(gpus))}
                    for gpu in gpus
                ]
            },
            "kinds": {"traditional": kind(500.0, members), "long": kind(2000.0, members)},
        }

    return {
        "method": "nested",
        "classes": {"frontier": {"models": dict.fromkeys(models, 1 / len(models))}},
        "states": {"plain": state(1.0), "applied": state(applied)},
        "gpus_per_node": {"G": 8, "H": 4},
        "onsite_water_l_per_kwh": same(1.2),
    }


def published():
    """A node of 7.2 kW that gives 10 tokens a second: an answer of 500 tokens takes 0.1 kWh at full power."""
    curve = {"intercept": np.log(10.0), "slope_input": 0.0, "slope_output": 0.0, "cap_tok_per_s": 10.0}

    def state(divisor):
        lengths = {"input_tokens": 500.0, "uncached_tokens": 500.0, "output_tokens": 500.0}
        of = {
            "lengths": {name: np.full(POINTS, value) for name, value in lengths.items()},
            "mean_unit_wh": {"A": 100.0},
            "overhead": 0.1,
            "divisor": same(divisor),
        }
        return {"utilisation": same(0.5), "pue": same(1.2), "kinds": {"traditional": of, "long": of}}

    return {
        "method": "published",
        "classes": {"frontier": {"models": {"A": 1.0}}},
        "states": {"plain": state(1.0), "applied": state(2.0)},
        "members": {"A": {"model": "A", "node_power_kw": 7.2} | curve},
        "gpus_per_node": {},
        "onsite_water_l_per_kwh": None,
    }


def asked(study, zone=None, **question):
    return answer(study, Question(**({"subject": "frontier"} | question)), zone)


@pytest.mark.parametrize("boundary", WH)
@pytest.mark.parametrize("workload", SECONDS)
def test_nothing_uncertain_is_seconds_times_energy(boundary, workload):
    found = asked(nested(), boundary=boundary, workload=workload)
    for quantity in ("query_wh", "mean_query_wh"):
        assert found[quantity] == pytest.approx(dict.fromkeys(EVERY, SECONDS[workload] * WH[boundary]))


def test_a_fleet_by_hand():
    found = asked(nested(), ZONE, long_share=0.1, queries_per_day=1e6)
    seconds = 0.9 * SECONDS["traditional"] + 0.1 * SECONDS["long"]
    gwh = 1e6 * seconds * WH["fleet"] / 1e9
    expected = {
        "energy_gwh_per_day": gwh,
        "nodes": 1e6 * seconds / (86_400 * 0.5) / 8,
        "average_power_mw": gwh * 1000 / 24,
        "peak_power_mw": 1.5 * gwh * 1000 / 24,
        "emissions_t_per_day": gwh * 400,
        "water_m3_per_day": gwh * 1000 * (1.2 / 1.2 + 2.0),
    }
    assert {name: found[name]["p50"] for name in expected} == pytest.approx(expected)
    only_long = asked(nested(), long_share=1, queries_per_day=1e9)
    assert only_long["energy_gwh_per_day"]["mean"] == pytest.approx(SECONDS["long"] * WH["fleet"])
    assert only_long["query_wh"]["p50"] == pytest.approx(SECONDS["traditional"] * WH["datacenter"])


def test_a_purchase_by_hand():
    seconds = 1e6 * SECONDS["traditional"] / 86_400  # GPUs that are busy on average
    of_study = asked(nested(), queries_per_day=1e6)
    assert (of_study["gpus"]["p50"], of_study["headroom"]["p50"]) == pytest.approx((seconds / 0.5, 1.6))
    # The busiest hour has 1.25 times the mean: with twice what it needs 2.5 times as many are installed.
    bought = asked(nested(), queries_per_day=1e6, headroom=2)
    assert bought["headroom"] == pytest.approx(dict.fromkeys(EVERY, 2))
    assert (bought["gpus"]["p50"], bought["nodes"]["p50"]) == pytest.approx((seconds * 2.5, seconds * 2.5 / 8))
    assert bought["energy_gwh_per_day"] == of_study["energy_gwh_per_day"]


def test_what_is_not_known_is_left_out():
    assert not {"emissions_t_per_day", "water_m3_per_day", "multiplier"} & asked(nested()).keys()
    assert "water_m3_per_day" not in asked(nested(), ZONE | {"water_l_per_kwh": None})
    assert "water_m3_per_day" not in asked(nested() | {"onsite_water_l_per_kwh": None}, ZONE)


def test_a_known_pue_takes_the_place_of_the_study_s():
    assert asked(nested(), pue=2.4)["mean_query_wh"]["mean"] == pytest.approx(2 * 2.625 * 0.72)
    assert asked(published(), pue=2.4)["mean_query_wh"]["mean"] == pytest.approx(100 * 0.5 * 2.4)


def test_own_lengths():
    found = asked(nested(), own_tokens=(1000, 500, 400))  # 400 of 1,000 prompt tokens are cached
    assert found["query_wh"]["p50"] == pytest.approx((0.6 + 1.625) * 0.72)
    assert found["energy_gwh_per_day"]["p50"] == pytest.approx((0.6 + 1.625) * 0.792)
    assert asked(published(), own_tokens=(500, 1000, 0))["query_wh"]["p50"] == pytest.approx(200 * 0.5 * 1.2)


@pytest.mark.parametrize("study", [nested(), published()], ids=["nested", "published"])
def test_interventions_halve_the_energy(study):
    plain, found = asked(study), asked(study, interventions=True)
    assert found["multiplier"] == pytest.approx(dict.fromkeys(EVERY, 2.0))
    assert found["energy_gwh_per_day"]["p50"] == pytest.approx(plain["energy_gwh_per_day"]["p50"] / 2)


def test_a_published_study_by_hand():
    found = asked(published(), ZONE, queries_per_day=1e6)
    assert found["query_wh"]["p50"] == pytest.approx(100 * 0.5 * 1.2)
    assert found["energy_gwh_per_day"]["p50"] == pytest.approx(0.1 * 0.5 * 1.2 * 1.1)
    assert found.keys() == {
        *("query_wh", "mean_query_wh", "energy_gwh_per_day", "average_power_mw", "emissions_t_per_day"),
    }
    assert asked(published(), boundary="node")["query_wh"]["p50"] == pytest.approx(50)
    assert operation(published(), Question(subject="frontier")) is None


def test_models_share_queries_and_gpus_share_them_by_speed():
    study = nested(models=("A", "B"))
    assert asked(study)["mean_query_wh"]["p50"] == pytest.approx(1.5 * 2.625 * 0.72)
    assert asked(study, subject="B")["query_wh"]["p50"] == pytest.approx(2 * 2.625 * 0.72)
    # Of as many GPUs, the one that takes three times as long serves a third of the queries of the other.
    of = nested(gpus=("G", "H"))
    for state in of["states"].values():
        for each in state["kinds"].values():
            each["members"]["A, H, FP8"] = member("A", "H", 3.0)
    mean = asked(of)["mean_query_wh"]["p50"]
    assert mean == pytest.approx((0.75 * 1 + 0.25 * 3) * 2.625 * 0.72)
    alone = asked(of, gpu="H", queries_per_day=1)
    assert alone["nodes"]["p50"] == pytest.approx(3 * 2.625 / (86_400 * 0.5) / 4)


def test_a_draw_counts_as_much_as_it_is_probable():
    study = nested()
    of = study["states"]["plain"]["kinds"]["traditional"]["members"]["A, G, FP8"]
    of["decode_s"], of["weight"] = same(2e-3, 2e-3, 2e-3, 4e-3), same(0, 0, 0, 4)
    assert asked(study)["mean_query_wh"]["mean"] == pytest.approx((2.625 + 1) * 0.72)
    of["weight"] = same(1, 1, 1, 3)
    assert asked(study)["mean_query_wh"]["mean"] == pytest.approx((2.625 + 0.5) * 0.72)


def test_what_reaches_the_operating_point():
    study = nested(gpus=("G", "H"), weights={("A", "H"): 0.0})
    for state in study["states"].values():
        for each in state["kinds"].values():
            del each["members"]["A, H, FP8"]  # as the numbers of the page leave it out
    assert asked(study) == asked(study, gpu="G") != {}
    assert asked(study, gpu="H") == {}
    found = operation(study, Question(subject="frontier"))
    assert (found["served_share"], found["reached_share"]) == (0.5, 0.5)
    assert found["batch"]["p50"] == pytest.approx(10.0) and found["replica_gpus"] == pytest.approx(4.0)
    assert operation(study, Question(subject="A", gpu="H")) == {"served_share": 0, "reached_share": 0.0}
    without_long = copy.deepcopy(study)
    without_long["states"]["plain"]["kinds"]["long"]["members"] = {}
    assert asked(without_long, long_share=0.1) == {}
    assert asked(without_long) != {}


def test_queries_have_all_lengths_and_their_mean_has_none():
    study = nested()
    study["states"]["plain"]["kinds"]["traditional"]["lengths"]["output_tokens"] = np.linspace(1.0, 999.0, POINTS)
    found = asked(study)
    assert found["query_wh"]["p95"] > 1.5 * found["query_wh"]["p05"]
    assert found["mean_query_wh"]["p95"] == pytest.approx(found["mean_query_wh"]["p05"])
