"""One number in one call: by hand, its parts, its names, and what cannot be asked."""

import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy import Gpu, Model, estimate
from inference_energy.answers import estimate as of_estimate
from inference_energy.answers.question import Question
from inference_energy.answers.served import served
from inference_energy.common.errors import InputError
from inference_energy.common.step import walk
from tiny_package import tiny_package
from tiny_service import POWER_W, WH, tables
from varied_service import SPREAD, VARIED

A = {"model": "A", "gpu": "G", "precision": "FP8"}
QUERY = {"input_tokens": 1000, "output_tokens": 500}  # as the tiny service's traditional queries


def refused(**asked):
    with pytest.raises(InputError) as raised:
        estimate(**asked)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


# By hand.


@pytest.mark.usefixtures("tiny")
def test_a_query_by_hand():
    found = estimate(**A, **QUERY)
    assert found.wh == pytest.approx(WH["traditional"], rel=1e-6)
    assert found.interval == pytest.approx((WH["traditional"],) * 2, rel=1e-6)
    assert found.energy_wh.mean == pytest.approx(WH["traditional"], rel=1e-6)
    assert (found.boundary, found.emissions_gco2e, found.water_l) == ("datacenter", None, None)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("boundary", POWER_W)
def test_boundaries_by_hand(boundary):
    expected = 0.225 * POWER_W[boundary] / 3600
    assert estimate(**A, **QUERY, boundary=boundary).wh == pytest.approx(expected, rel=1e-6)


@pytest.mark.usefixtures("tiny")
def test_lengths_are_of_one_query_and_leave_the_service_as_it_is():
    # 0.1 ms per prompt token, 0.125 ms per answer token, 0.1 us per pair of answer and context token.
    seconds = 2000 * 1e-4 + 100 * 1.25e-4 + 100 * 2050 * 1e-7
    found = estimate(**A, input_tokens=2000, output_tokens=100)
    assert found.wh == pytest.approx(seconds * POWER_W["datacenter"] / 3600, rel=1e-6)
    cached = estimate(**A, input_tokens=2000, output_tokens=100, cached_share=0.75)
    assert cached.wh == pytest.approx((seconds - 0.15) * POWER_W["datacenter"] / 3600, rel=1e-6)
    prompt = estimate(**A, input_tokens=2000, output_tokens=0)
    assert prompt.wh == pytest.approx(0.2 * POWER_W["datacenter"] / 3600, rel=1e-6)


@pytest.mark.usefixtures("tiny")
def test_pue_zone_and_water_by_hand():
    found = estimate(**A, **QUERY, pue=1.5, zone="abc")
    expected = 0.225 * POWER_W["node"] * 1.5 / 3600
    assert found.wh == pytest.approx(expected, rel=1e-6)
    assert found.emissions_gco2e.p50 == pytest.approx(expected * 0.4, rel=1e-6)
    assert found.water_l is None  # the study says nothing of water on site
    assert estimate(**A, **QUERY, zone="Dry land").emissions_gco2e.p95 == 0


def test_water_on_site_is_of_the_energy_of_it(holding, known_hosts):
    fleet = {**tiny_package().studies["current"]["fleet"], "onsite_water_l_per_kwh": 0.6}
    holding(tiny_package(fleet=fleet))
    wh = WH["traditional"]
    assert estimate(**A, **QUERY, zone="ABC").water_l.p50 == pytest.approx(wh / 1000 * (0.6 / 1.2 + 3), rel=1e-6)
    node = estimate(**A, **QUERY, zone="ABC", boundary="node")
    assert node.water_l.p50 == pytest.approx(node.wh / 1000 * (0.6 + 3), rel=1e-6)
    assert estimate(**A, **QUERY, zone="DRY").water_l is None


@pytest.mark.usefixtures("tiny")
def test_a_workload_is_estimated_where_no_lengths_are_given():
    assert estimate("A", "G", precision="FP8", workload="long").wh == pytest.approx(WH["long"], rel=1e-6)
    assert estimate().wh == pytest.approx(WH["traditional"], rel=1e-6)
    assert estimate("frontier").wh == pytest.approx(WH["traditional"], rel=1e-6)
    trace = pl.DataFrame({"input_tokens": [1000, 1000], "output_tokens": [500, 2000]})
    found = estimate(**A, trace=trace)
    assert found.energy_wh.mean == pytest.approx((WH["traditional"] + WH["long"]) / 2, rel=0.3)
    assert found.interval == pytest.approx((WH["traditional"], WH["long"]), rel=1e-6)


@pytest.mark.usefixtures("tiny")
def test_models_and_gpus_of_ones_own_are_as_those_of_the_registry():
    # Dense, of a byte per weight; its layers and heads are typical ones, so that only its decoding is the same.
    own = estimate(Model(total_b=8, precision="FP8"), "G", precision="FP8", input_tokens=0, output_tokens=100)
    assert own.served.services["own model"].members.names == [("own model", "G", "FP8")]
    gpu = Gpu(tdp_w=1000, memory_gb=100, bandwidth_gb_per_s=8000, peak_fp16_tflop_per_s=1000, peak_fp8_tflop_per_s=1000)
    found = estimate("A", gpu, **QUERY)
    assert found.served.precision == "FP8"
    assert found.served.services["A"].at("traditional").mean_seconds()[0, 0] == pytest.approx(0.225, rel=1e-6)
    assert estimate("A", replace(gpu, peak_fp8_tflop_per_s=None), **QUERY).served.precision == "BF16"
    assert estimate("A", replace(gpu, peak_fp4_tflop_per_s=4000), **QUERY).served.precision == "FP4"
    assert estimate("A-INT4", "G", **QUERY).served.precision == "INT4"


@pytest.mark.usefixtures("tiny")
def test_a_closed_model_is_any_model_of_the_classes_that_are_assumed():
    found = estimate("SECRET-1", **QUERY)
    assert found.wh == pytest.approx(WH["traditional"], rel=1e-6)
    assert found.evidence.kind == "not disclosed"
    assert found.evidence.note == (
        "not disclosed: a model of class frontier is assumed (third party estimate, 2026-01-01)"
    )
    assert found.as_dict()["model"] == "Secret"


@pytest.mark.usefixtures("tiny")
def test_a_study_is_a_name_or_what_differs():
    found = estimate(**A, **QUERY, study={"pue": 1.0})
    assert found.wh == pytest.approx(0.225 * POWER_W["node"] / 3600, rel=1e-6)
    assert found.as_dict()["study"] == "current, changed"
    assert estimate(**A, **QUERY, study={"extends": "current", "pue": 1.0}).wh == found.wh
    assert estimate(**A, **QUERY, study="current").wh == estimate(**A, **QUERY).wh


def test_batch_in_place_of_the_operating_point(holding, known_hosts):
    holding(tiny_package())
    # A step of 1 ms for eight requests or for one: an eighth of the decoding each.
    one = estimate(**A, input_tokens=0, output_tokens=1, batch=1, boundary="gpu_boards")
    eight = estimate(**A, input_tokens=0, output_tokens=1, batch=8, boundary="gpu_boards")
    assert one.wh / eight.wh == pytest.approx(8, rel=1e-3)


# What an answer says of itself.


@pytest.fixture
def varied(holding):
    return holding(tiny_package(draws=400, of=tables(deviations=SPREAD), **VARIED))


@pytest.mark.usefixtures("varied")
@settings(max_examples=20)
@given(
    prompt=st.floats(0, 9000),
    answer=st.floats(1, 900),
    cached=st.one_of(st.none(), st.floats(0, 1)),
    boundary=st.sampled_from([*POWER_W]),
)
def test_the_derivation_gives_the_median(prompt, answer, cached, boundary):
    found = estimate(
        "A", "G", precision="FP8", input_tokens=prompt, output_tokens=answer, cached_share=cached, boundary=boundary
    )
    node = found.derivation
    # Of draws of equal weight the middle one: beside the interpolated median.
    assert node.value == pytest.approx(found.wh, rel=0.02)
    for step in walk(node):
        assert not step.formula or step.result == pytest.approx(step.value, rel=1e-9)
    assert sum(1 for step in walk(node) if step.formula) >= 3
    assert str(found) in found.explain()


@pytest.mark.usefixtures("varied")
def test_more_tokens_more_energy_and_a_cache_saves():
    low, high = (estimate(**A, input_tokens=1000, output_tokens=of) for of in (100, 101))
    assert all(low.energy_wh.__dict__[name] < high.energy_wh.__dict__[name] for name in ("p05", "p50", "p95", "mean"))
    shares = [estimate(**A, **QUERY, cached_share=share).wh for share in (0, 0.5, 1)]
    assert shares == sorted(shares, reverse=True)
    assert low.interval[0] < low.wh < low.interval[1]


@pytest.mark.usefixtures("varied")
def test_a_known_pue_takes_its_part_out_of_the_uncertainty():
    drivers = estimate(**A, **QUERY).drivers
    assert sum(drivers.values()) == pytest.approx(1, abs=0.1)
    assert list(drivers.values()) == sorted(drivers.values(), reverse=True)
    assert "PUE" not in estimate(**A, **QUERY, pue=1.2).drivers
    speeds = estimate(**A, **QUERY, speed_tok_per_s=50).drivers
    assert "speed that users see" not in speeds


@pytest.mark.usefixtures("tiny")
def test_nothing_drives_what_is_known():
    assert estimate(**A, **QUERY).drivers == {}


@pytest.mark.usefixtures("varied")
def test_an_answer_as_plain_values():
    found = estimate(**A, **QUERY, zone="ABC")
    told = json.loads(found.as_json())
    assert told["energy_wh"] == pytest.approx(found.energy_wh.__dict__)
    assert told["question"] == {"model": "A", "gpu": "G", "precision": "FP8", **QUERY, "zone": "ABC"}
    assert (told["version"], told["contents"]) == ("1.2.3", "0123456789ab")
    assert told["derivation"]["unit"] == "Wh"
    assert told["evidence"]["kind"] == "physics only"
    assert repr(found).startswith("<Estimate 0.0")
    of_workload = estimate("A")
    assert of_workload.derivation is None and "random queries" in of_workload.explain()
    trace = pl.DataFrame({"input_tokens": [1, 2], "output_tokens": [1, 2]})
    assert estimate("A", trace=trace).as_dict()["question"] == {"model": "A", "trace": "2 queries"}


@pytest.mark.usefixtures("varied")
def test_the_same_question_is_answered_from_what_is_kept():
    first = served(Question(**A, **QUERY), of_estimate.packaged())
    again = served(Question(**A, input_tokens=5, output_tokens=7), of_estimate.packaged())
    other = served(Question(**A, **QUERY, pue=1.1), of_estimate.packaged())
    assert first.services["A"] is again.services["A"]
    assert first.services["A"] is not other.services["A"]


# What cannot be asked.


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "AA"}, "model: found 'AA'; allowed: one of "),
        ({"model": 3}, "model: found 3; allowed: "),
        ({"gpu": "X"}, "gpu: found 'X'; allowed: one of 2 names, such as G or H; or Gpu(tdp_w=..., ...)"),
        ({"input_tokens": -1, "output_tokens": 1}, "input_tokens: found -1; allowed: 0 to "),
        ({"input_tokens": 1, "output_tokens": math.nan}, "output_tokens: found nan; allowed: 0 to "),
        ({"input_tokens": "5", "output_tokens": 1}, "input_tokens: found '5'; allowed: 0 to "),
        ({"input_tokens": True, "output_tokens": 1}, "input_tokens: found True; allowed: 0 to "),
        ({"input_tokens": 0, "output_tokens": 0}, "output_tokens: found a query of 0 tokens; allowed: "),
        ({"model": "A", "input_tokens": 9000, "output_tokens": 1001}, "allowed: up to 10,000, the context length of A"),
        ({"cached_share": 1.1, **QUERY}, "cached_share: found 1.1; allowed: 0 to 1 "),
        ({"cached_share": {"p05": 0}, **QUERY}, "cached_share: found {'p05': 0}; allowed: 0 to 1, a number"),
        ({"model": Model(8, name="A")}, "Model: name: found 'A', which the registry has; allowed: a name of its own"),
        ({"pue": 0.99}, "pue: found 0.99; allowed: 1 to 5 "),
        ({"speed_tok_per_s": 0}, "speed_tok_per_s: found 0; allowed: 1 to 2,000 "),
        ({"batch": 0.5}, "batch: found 0.5; allowed: 1 to 100,000 "),
        ({"batch": 8, "speed_tok_per_s": 30}, "batch: found both batch and speed_tok_per_s; allowed: one"),
        ({"precision": "FP3"}, "precision: found 'FP3'; allowed: BF16, "),
        ({"precision": "BF16"}, "precision: found 'BF16'; allowed: FP8 on the study's GPUs, or a gpu"),
        ({"boundary": "rack"}, "boundary: found 'rack'; allowed: datacenter, fleet, gpu_boards or node"),
        ({"workload": "chat"}, "workload: found 'chat'; allowed: long or traditional"),
        ({"study": "mine"}, "study: found 'mine'; allowed: current, or a dictionary of keys of a study"),
        ({"study": 3}, "study: found 3; allowed: a name or a dictionary"),
        ({"study": {"pu": 1}}, "study: top level: unknown key pu; allowed: "),
        ({"study": {"pue": 0.5}}, "study: pue: found 0.5; allowed: a number >= 1"),
        ({"zone": "XYZ"}, "zone: found 'XYZ'; allowed: one of 2 names, such as ABC (Abece) or DRY (Dry land)"),
        ({"speed_tok_per_s": 2000}, "speed_tok_per_s: found 2000, which frontier reaches on no GPU"),
        ({"trace": pl.DataFrame({"input_tokens": [1]})}, "trace: found no column output_tokens; allowed: "),
        ({"trace": pl.DataFrame({"input_tokens": [1, None], "output_tokens": [1, 2]})}, "trace: row 1: found "),
        ({"trace": pl.DataFrame({"input_tokens": [], "output_tokens": []})}, "trace: found no rows; allowed: "),
        (
            {"trace": pl.DataFrame({"input_tokens": [1]}), "input_tokens": 3},
            "trace: found input_tokens or output_tokens",
        ),
    ],
)
def test_what_cannot_be_asked(asked, words):
    assert words in refused(**asked)


@pytest.mark.usefixtures("tiny")
def test_a_model_that_memory_does_not_hold():
    small = Gpu(tdp_w=300, memory_gb=8, bandwidth_gb_per_s=900, peak_fp16_tflop_per_s=200, name="small")
    words = refused(model="A", gpu=small, precision="FP8", **QUERY)
    assert words.startswith(
        "gpu: found small, of which 1 hold 7 GB; allowed: one whose memory holds A: 8 GB of weights"
    )


def test_a_gpu_of_which_too_little_is_known(holding):
    hardware = tables().hardware.with_columns(tdp_w=pl.when(gpu="H").then(None).otherwise("tdp_w"))
    holding(tiny_package(of=tables(hardware=hardware)))
    words = refused(model="A", gpu="H", **QUERY)
    assert words == "gpu: found 'H', whose tdp_w nobody states; allowed: another, or Gpu(...) with it"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Model(total_b=0), "Model: total_b: found 0; allowed: 0.01 to "),
        (lambda: Model(total_b=8, active_b=9), "Model: active_b: found 9; allowed: 0.01 to 8 "),
        (lambda: Model(total_b=8, precision="FP5"), "Model: precision: found 'FP5'; allowed: BF16, "),
        (lambda: Gpu(0, 80, 900, 200), "Gpu: tdp_w: found 0; allowed: 1 to 10,000 W"),
        (lambda: Gpu(300, 80, 900, None), "Gpu: peak_fp16_tflop_per_s: found None; allowed: "),
        (lambda: Gpu(300, 80, 900, 200, peak_fp8_tflop_per_s=-4), "Gpu: peak_fp8_tflop_per_s: found -4; allowed: "),
    ],
)
def test_models_and_gpus_that_there_cannot_be(make, words):
    with pytest.raises(InputError) as raised:
        make()
    assert words in str(raised.value)


def test_classes_of_ones_own_models():
    sizes = {1: "small", 20: "small", 21: "medium", 60: "medium", 61: "large", 200: "large", 201: "frontier"}
    assert {size: Model(total_b=size).model_class for size in sizes} == sizes
    assert np.isfinite(Model(total_b=1).total_b)
