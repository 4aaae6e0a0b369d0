"""One query by every method: by hand with a tiny service, and what the spread of methods is made of."""

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.statistics.distributions import Beta, Constant, distribution
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput import log_linear
from inference_energy.validation import methods, tables
from inference_energy.validation.methods import H100, MEASURED, OFFLINE, OURS, cross_methods, spread_parts
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from tiny_service import SECONDS, WH_PER_GPU_SECOND, tiny_service

MODELS = pl.DataFrame(
    {"model": ["A", "B"], "active_parameters_billions": [37.0, 70.0], "total_parameters_billions": [671.0, 70.0]}
)
RUNS = pl.DataFrame(
    [
        ("A", "gpu_boards", "LLM Chat (LM Arena)", 3.6),
        ("A", "gpu_boards", "chat", 1.8),
        ("A", "gpu_boards", "code", 0.9),
        ("A", "node_wall", "chat", 0.3),
        ("B", "gpu_boards", "GPQA Diamond", 0.1),
    ],
    schema=["model", "boundary", "prompts", "energy_j_per_output_token"],
    orient="row",
)
CURVES = {"A": log_linear.constant(1000.0)}
# Saturated: 800 W of boards and 200 W of host, times 1.2 and 1.1, for a second.
OFFLINE_WH = {"gpu_boards": 800 / 3600, "node": 1000 / 3600, "datacenter": 1200 / 3600, "fleet": 1320 / 3600}
DISTRIBUTIONS = {
    "load": Beta.from_percentiles(p05=0.45, p95=0.85),
    "attainment": Beta.from_percentiles(p05=0.2, p95=0.8),
    "pue": distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4}),
}


def table(service=None, names=("A",), answers=(500.0,), draws=50, **changes):
    given = {"models": MODELS, "energy": RUNS, "curves": CURVES, "input_tokens": 1000.0} | changes
    return cross_methods(
        service or tiny_service(), names=list(names), output_tokens=list(answers), draws=draws, seed=1, **given
    )


def energies(found, method, column="energy_wh", **where):
    return dict(found.filter(method=method, **where).select("boundary", column).iter_rows())


@pytest.mark.parametrize(("answer", "seconds"), [(500.0, SECONDS["traditional"]), (2000.0, SECONDS["long"])])
def test_ours_by_hand_at_every_boundary(answer, seconds):
    found = table(answers=[answer])
    for column in ("energy_wh", "energy_wh_p05", "energy_wh_p95"):
        assert energies(found, OURS, column) == pytest.approx({b: seconds * wh for b, wh in WH_PER_GPU_SECOND.items()})
        assert energies(found, OFFLINE, column) == pytest.approx({b: seconds * wh for b, wh in OFFLINE_WH.items()})


def test_lengths_are_those_asked_for_whatever_the_cache_and_the_workloads():
    # 2 s of prefill, 2 s + 1 us x (1,000 x 2,000 + 1,000^2 / 2) of decoding.
    service = tiny_service(
        distributions={"cached share: traditional": Constant(0.5), "cached share: long": Constant(0.5)}
    )
    found = table(service, answers=[1000.0], input_tokens=2000.0)
    assert energies(found, OURS)["datacenter"] == pytest.approx(6.5 * 0.8)


def test_models_of_a_class_are_themselves():
    service = tiny_service(weights={"A": 3, "B": 1})
    found = table(service, names=["A", "B"])
    assert energies(found, OURS, model="A")["datacenter"] == pytest.approx(2.1)
    assert energies(found, OURS, model="B")["datacenter"] == pytest.approx(4.2)


def test_offline_is_never_above_service_and_both_rise_over_the_boundaries():
    found = table(tiny_service(distributions=DISTRIBUTIONS), draws=2000)
    for column in ("energy_wh_p05", "energy_wh", "energy_wh_p95"):
        service, offline = energies(found, OURS, column), energies(found, OFFLINE, column)
        assert all(offline[boundary] < service[boundary] for boundary in BOUNDARIES)
        for of in (service, offline):
            assert list(of) == list(BOUNDARIES)
            assert np.all(np.diff(list(of.values())) > 0)
    # Offline, only PUE is not known.
    assert energies(found, OFFLINE, "energy_wh_p95")["node"] == pytest.approx(2.625 * OFFLINE_WH["node"])
    wide = energies(found, OFFLINE, "energy_wh_p95")["datacenter"] / (2.625 * OFFLINE_WH["node"])
    assert wide == pytest.approx(1.4, rel=0.03)


def test_others_say_what_their_own_functions_say():
    found = table(answers=[300.0])
    expected = {
        ecologits: ecologits.energy_by_boundary_wh(active_b=37.0, total_b=671.0, output_tokens=300.0, pue=1.2),
        jegham: jegham.energy_by_boundary_wh(
            size_class="Large", output_tokens=300.0, tok_per_s=60.0, ttft_s=1.0, pue=1.12
        ),
        epoch: epoch.energy_by_boundary_wh(active_b=37.0, output_tokens=300.0, utilisation=0.1, pue=1.2),
        published: published.energy_by_boundary_wh(
            node_power_kw=12.8, utilisation=0.6, pue=np.sqrt(1.05 * 1.6), output_tokens=300.0, tok_per_s=1000.0
        ),
    }
    for peer, values in expected.items():
        said = {boundary: value for boundary, value in values.items() if value is not None}
        assert energies(found, peer.PEER.name) == pytest.approx(said)
        assert set(found.filter(method=peer.PEER.name)["label"]) == {peer.PEER.label}
    # 12.8 kW x 0.6 x 300 / 1,000 / 3.6 Wh; 2 x 37e9 x 300 / 9.89e13 s of 892.5 W.
    assert energies(found, "published")["node"] == pytest.approx(12.8 * 0.6 * 300 / 1000 / 3.6)
    assert energies(found, "epoch")["node"] == pytest.approx(2 * 37e9 * 300 / 9.89e13 * 892.5 / 3600)


def test_published_power_goes_with_size_and_its_throughput_must_be_known():
    found = table(tiny_service(weights={"A": 1, "B": 1}), names=["A", "B"], curves=CURVES | {"B": CURVES["A"]})
    node = [energies(found, "published", model=name)["node"] for name in "AB"]
    assert node[0] / node[1] == pytest.approx(12.8 / 10.2)
    assert published.node_power_kw(gpu=H100, total_b=70) == 10.2
    assert table(curves={}).filter(method="published").is_empty()


def test_others_have_no_interval():
    found = table().filter(~pl.col("method").is_in([OURS, OFFLINE]))
    assert found["energy_wh_p05"].is_null().all()
    assert found["energy_wh_p95"].is_null().all()


def test_measured_by_hand():
    # The least of the chats on boards, 1.8 J per token.
    found = table(answers=[500.0, 2000.0])
    assert energies(found, MEASURED, output_tokens=500.0) == pytest.approx({"gpu_boards": 0.25})
    assert energies(found, MEASURED, output_tokens=2000.0) == pytest.approx({"gpu_boards": 1.0})
    assert table(tiny_service(weights={"A": 1, "B": 1}), names=["B"]).filter(method=MEASURED).is_empty()


def test_schema_and_repetition():
    service = tiny_service(distributions=DISTRIBUTIONS, weights={"A": 1, "B": 1})
    found = table(service, names=["A", "B"], answers=[500.0, 2000.0])
    tables.CROSS_METHODS.validate(found.select(list(tables.CROSS_METHODS.columns)))
    assert table(service, names=["A", "B"], answers=[500.0, 2000.0]).equals(found)
    tables.CROSS_METHOD_PARTS.validate(spread_parts(found))
    alone = table(service, names=["B"], answers=[2000.0])
    assert found.filter(model="B", output_tokens=2000.0).equals(alone)


def by_method(model="A", answer=300.0, **of):
    """Energies by method and boundary."""
    return pl.DataFrame(
        [
            {"model": model, "output_tokens": answer, "method": method, "boundary": boundary, "energy_wh": energy}
            for method, energies in of.items()
            for boundary, energy in energies.items()
        ]
    )


def parts(found):
    return dict(spread_parts(found).select("part", "factor").iter_rows())


OURS_BY_HAND = {
    OURS: {"gpu_boards": 1.0, "node": 1.6, "datacenter": 2.0, "fleet": 2.2},
    OFFLINE: {"gpu_boards": 0.6, "node": 0.8, "datacenter": 1.0, "fleet": 1.1},
}


def test_spread_parts_by_hand():
    # From 0.5 of boards to 4 of a datacenter: 8. Boards of 0.5 are 1 in a datacenter here: 4 is left, of which 2 is
    # this work in service over offline.
    found = by_method(**OURS_BY_HAND, measured={"gpu_boards": 0.5}, peer={"node": 3.0, "datacenter": 4.0})
    assert parts(found) == pytest.approx(
        {"whole": 8, "boundary": 2, "load and attainment": 2, "throughput and method": 2}
    )


def test_a_method_that_ends_at_the_node_is_brought_to_the_datacenter():
    found = by_method(**OURS_BY_HAND, peer={"gpu_boards": 0.1, "node": 8.0})
    assert parts(found) == pytest.approx(
        {"whole": 4, "boundary": 0.8, "load and attainment": 2, "throughput and method": 2.5}
    )


def test_load_explains_no_more_than_there_is():
    found = by_method(**OURS_BY_HAND, peer={"datacenter": 3.0})
    assert parts(found) == pytest.approx(
        {"whole": 1.5, "boundary": 1, "load and attainment": 1.5, "throughput and method": 1}
    )


def test_spread_parts_multiply_to_the_whole():
    found = table(
        tiny_service(distributions=DISTRIBUTIONS, weights={"A": 1, "B": 1}), names=["A", "B"], answers=[300.0, 5000.0]
    )
    of = spread_parts(found)
    assert len(of) == 4 * 4
    for _, group in of.group_by("model", "output_tokens"):
        whole = group.filter(part="whole")["factor"].item()
        rest = group.filter(pl.col("part") != "whole")["factor"].to_list()
        assert np.prod(rest) == pytest.approx(whole)
        assert whole >= 1
        assert all(factor >= 1 for factor in rest[1:])


def test_labels_are_told_apart():
    assert len(set(methods.LABELS.values())) == len(methods.LABELS)


@pytest.mark.parametrize("name", ["Nope", "B"])
def test_model_that_is_unknown_or_not_served_is_told_so(name):
    with pytest.raises(InputError, match=name):
        table(names=[name])
