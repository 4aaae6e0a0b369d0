"""One query by every method: by hand with a tiny service, and what the spread of methods is made of."""

import numpy as np
import polars as pl
import pytest
from inference_energy.common.errors import InputError
from inference_energy.serving.replicas import LARGEST_BATCH
from inference_energy.studies.study import BOUNDARIES
from inference_energy.throughput import log_linear
from inference_energy.validation import methods, tables
from inference_energy.validation.methods import H100, MEASURED, OURS, SATURATED, cross_methods, spread_parts
from inference_energy.validation.peers import ecologits, epoch, jegham, published
from tiny_service import NODES, POWER_W, SECONDS, frontier, tables as tiny_tables, tiny_service
from varied_service import varied_service

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
BOTH = frontier(A=1, B=1)
# All hosts draw alike, in every service that another is changed to.
ENDS = {"p05": 2 - 1e-7, "p95": 2 + 1e-7}
ALIKE = [
    node | {f"host_saturated_kw_per_gpu_{name}": end * node["host_idle_kw_per_gpu"] for name, end in ENDS.items()}
    for node in NODES
]
OF = tiny_tables(node_power=pl.DataFrame(ALIKE))


def table(service=None, names=("A",), answers=(500.0,), **changes):
    given = {"models": MODELS, "energy": RUNS, "curves": CURVES, "input_tokens": 1000.0} | changes
    return cross_methods(service or tiny_service(of=OF), names=list(names), output_tokens=list(answers), **given)


def energies(found, method, column="energy_wh", **where):
    return dict(found.filter(method=method, **where).select("boundary", column).iter_rows())


def wh(seconds, factor=1.0):
    return pytest.approx({boundary: factor * seconds * power / 3600 for boundary, power in POWER_W.items()})


@pytest.mark.parametrize(("answer", "workload"), [(500.0, "traditional"), (2000.0, "long")])
def test_ours_by_hand_at_every_boundary(answer, workload):
    found = table(answers=[answer])
    # Saturated, the step of 1 ms is shared by as many requests as a replica may have, in place of eight.
    saturated = SECONDS[workload] - answer * 1e-3 / 8 + answer * 1e-3 / LARGEST_BATCH
    for column in ("energy_wh", "energy_wh_p05", "energy_wh_p95"):
        assert energies(found, OURS, column) == wh(SECONDS[workload])
        assert energies(found, SATURATED, column) == wh(saturated)


def test_the_day_is_left_out_where_it_is_saturated():
    # Replicas that are all on work three quarters of the day, and draw as much as ever.
    found = table(tiny_service(of=OF, day={"headroom": 4 / 3, "released_share": 0}))
    assert energies(found, OURS)["gpu_boards"] == pytest.approx(4 / 3 * SECONDS["traditional"] * 500 / 3600)
    assert energies(found, SATURATED) == energies(table(), SATURATED)


def test_lengths_are_those_asked_for_whatever_the_cache_and_the_workloads():
    cached = {"traditional": {"label": "Short", "input_tokens": 1000, "output_tokens": 500, "cached_share": 0.5}}
    long = {"long": {"label": "Long", "input_tokens": 1000, "output_tokens": 2000}}
    # 0.2 s of prompt, 0.125 ms x 1,000 of answer, 0.1 us x 1,000 x 2,500 of attention.
    found = table(tiny_service(of=OF, workloads=cached | long), answers=[1000.0], input_tokens=2000.0)
    assert energies(found, OURS) == wh(0.2 + 0.125 + 0.25)


def test_models_of_a_class_are_themselves():
    found = table(tiny_service(of=OF, classes=frontier(A=3, B=1)), names=["A", "B"])
    # B has twice the weights and twice the work of a prompt, and the same attention.
    assert energies(found, OURS, model="A") == wh(0.1 + 0.0625 + 0.0625)
    assert energies(found, OURS, model="B") == wh(0.2 + 0.125 + 0.0625)


def test_saturated_is_never_above_the_operating_point_and_both_rise_over_the_boundaries():
    found = table(varied_service())
    for column in ("energy_wh_p05", "energy_wh", "energy_wh_p95"):
        ours, saturated = energies(found, OURS, column), energies(found, SATURATED, column)
        assert all(saturated[boundary] < ours[boundary] for boundary in BOUNDARIES)
        for of in (ours, saturated):
            assert list(of) == list(BOUNDARIES)
            assert np.all(np.diff(list(of.values())) > 0)


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
    found = table(tiny_service(classes=BOTH), names=["A", "B"], curves=CURVES | {"B": CURVES["A"]})
    node = [energies(found, "published", model=name)["node"] for name in "AB"]
    assert node[0] / node[1] == pytest.approx(12.8 / 10.2)
    assert published.node_power_kw(gpu=H100, total_b=70) == 10.2
    assert table(curves={}).filter(method="published").is_empty()


def test_others_have_no_interval():
    found = table().filter(~pl.col("method").is_in([OURS, SATURATED]))
    assert found["energy_wh_p05"].is_null().all()
    assert found["energy_wh_p95"].is_null().all()


def test_measured_by_hand():
    # The least of the chats on boards, 1.8 J per token.
    found = table(answers=[500.0, 2000.0])
    assert energies(found, MEASURED, output_tokens=500.0) == pytest.approx({"gpu_boards": 0.25})
    assert energies(found, MEASURED, output_tokens=2000.0) == pytest.approx({"gpu_boards": 1.0})
    assert table(tiny_service(classes=BOTH), names=["B"]).filter(method=MEASURED).is_empty()


def test_schema_and_repetition():
    service = varied_service()
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
    SATURATED: {"gpu_boards": 0.6, "node": 0.8, "datacenter": 1.0, "fleet": 1.1},
}


def test_spread_parts_by_hand():
    # From 0.5 of boards to 4 of a datacenter: 8. Boards of 0.5 are 1 in a datacenter here: 4 is left, of which 2 is
    # this work over the same saturated.
    found = by_method(**OURS_BY_HAND, measured={"gpu_boards": 0.5}, peer={"node": 3.0, "datacenter": 4.0})
    assert parts(found) == pytest.approx({"whole": 8, "boundary": 2, "operating point and day": 2, "method": 2})


def test_a_method_that_ends_at_the_node_is_brought_to_the_datacenter():
    found = by_method(**OURS_BY_HAND, peer={"gpu_boards": 0.1, "node": 8.0})
    assert parts(found) == pytest.approx({"whole": 4, "boundary": 0.8, "operating point and day": 2, "method": 2.5})


def test_the_operating_point_explains_no_more_than_there_is():
    found = by_method(**OURS_BY_HAND, peer={"datacenter": 3.0})
    assert parts(found) == pytest.approx({"whole": 1.5, "boundary": 1, "operating point and day": 1.5, "method": 1})


def test_spread_parts_multiply_to_the_whole():
    found = table(varied_service(), names=["A", "B"], answers=[300.0, 5000.0])
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


def test_a_model_that_does_not_reach_the_operating_point_is_told_so():
    with pytest.raises(InputError, match="models: found 'A'; allowed: a model that reaches the operating"):
        table(tiny_service(serving={"speed_tok_per_s": 1e6, "replica_gpus": [1]}))
