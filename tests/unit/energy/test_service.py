"""What serves queries: shares of models and GPUs, weights of draws, and services that are a part of another."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.energy import read, service as of_service
from inference_energy.energy.service import Service
from inference_energy.studies.study import BOUNDARIES, NestedStudy
from messages import message_of
from tiny_service import SECONDS, WH, entries, frontier, on, points, tables, tiny_service
from varied_service import VARIED, varied_service

FUZZ = settings(max_examples=30, derandomize=True)
TWO_MODELS = frontier(A=3, B=1)


def mean(service, subject="frontier", workload="traditional", boundary="datacenter"):
    return service.mean_wh(subject, workload)[0][boundary]


def close(one, other):
    for first, second in zip(one, other, strict=True):
        assert first == pytest.approx(second, rel=1e-9)


# Energy of a class, by hand.


def test_a_known_query_by_hand_at_every_boundary():
    service = tiny_service()
    for workload, wh in WH.items():
        for boundary, factor in (("gpu_boards", 500 / 780), ("node", 650 / 780), ("datacenter", 1), ("fleet", 1.1)):
            for subject in ("A", "frontier"):
                found = mean(service, subject, workload, boundary)
                assert found == pytest.approx(np.full(4, factor * wh), rel=1e-6)


def test_models_share_the_queries():
    service = tiny_service(classes=TWO_MODELS)
    a, b = mean(service, "A"), mean(service, "B")
    assert b == pytest.approx(a * (0.2 + 0.125 + 0.0625) / SECONDS["traditional"], rel=1e-6)
    assert mean(service) == pytest.approx(0.75 * a + 0.25 * b, rel=1e-6)
    shares, weights = service.serving("frontier", "traditional")
    assert shares == pytest.approx(np.tile([0.75, 0.25], (4, 1)))
    assert weights == pytest.approx(np.ones(4))


def test_gpus_share_the_queries_of_a_model_as_fast_as_they_are():
    # One G and one H serve as many queries as three G: energy is mean power over mean rate.
    service = tiny_service(hardware=on(G=1, H=1))
    shares, _ = service.serving("A", "traditional")
    assert shares == pytest.approx(np.tile([1 / 3, 2 / 3], (4, 1)))
    found = service.at("traditional")
    power = (found.wh_per_gpu_second["node"] * 3600).mean(axis=1)
    rate = (1 / found.mean_seconds()).mean(axis=1)
    assert mean(service, boundary="node") == pytest.approx(power / rate / 3600)


@pytest.mark.slow
@FUZZ
@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0.01, 10))
def test_energy_is_mean_power_over_mean_rate_for_any_mix(g, h, a, b):
    service = tiny_service(hardware=on(G=g, H=h), classes=frontier(A=a, B=b), draws=1)
    found, total = service.at("traditional"), g + h
    rates, powers = (1 / found.mean_seconds())[0], (found.wh_per_gpu_second["fleet"] * 3600)[0]
    expected = 0.0
    for weight, place in ((a, 0), (b, 2)):
        gpus = np.array([g, h]) / total
        rate, power = gpus @ rates[place : place + 2], gpus @ powers[place : place + 2]
        expected += weight / (a + b) * power / rate / 3600
    assert mean(service, boundary="fleet") == pytest.approx(np.array([expected]))


def test_shares_of_gpus_need_not_sum_to_1():
    assert mean(tiny_service(hardware=on(G=3, H=1))) == pytest.approx(mean(tiny_service(hardware=on(G=0.75, H=0.25))))


def test_hardware_of_a_class_serves_that_class():
    small = frontier(A=1)["frontier"] | {"hardware": on(H=1)}
    service = tiny_service(classes=frontier(B=1) | {"mine": small})
    assert service.members.names == [("B", "G", "FP8"), ("A", "H", "FP8")]
    shares, _ = service.serving("mine", "traditional")
    assert shares == pytest.approx(np.tile([0, 1], (4, 1)))
    assert mean(service, "mine") == pytest.approx(mean(tiny_service(hardware=on(H=1))))


def test_mean_over_queries_of_different_length():
    both = points(1000, [500, 2000], [3, 1])
    service = tiny_service(lengths={"both": both}).with_lengths({"traditional": both})
    # Time is linear in the tokens, whatever the lengths: the batch is given.
    assert mean(service) == pytest.approx(np.full(4, 0.75 * WH["traditional"] + 0.25 * WH["long"]), rel=1e-6)


# Draws and their weights.


def test_a_class_weighs_draws_by_its_models():
    service = varied_service(serving={"speed_tok_per_s": 450, "replica_gpus": [1]}, hardware=on(G=1))
    found = service.at("traditional")
    shares, weights = service.serving("frontier", "traditional")
    mix = service.shared.mix["frontier"]
    likely = np.stack([mix["A"], mix["B"]], axis=1) * found.weight / np.maximum(found.weight.mean(axis=0), 1e-9)
    assert weights == pytest.approx(likely.sum(axis=1))
    assert (weights == 0).any() and (weights > 0).any()
    for draw in np.flatnonzero(weights):
        assert shares[draw] == pytest.approx(likely[draw] / likely[draw].sum())
    assert (shares[weights == 0] == 0).all()


def test_a_draw_that_does_not_reach_the_speed_changes_nothing():
    service = varied_service(serving={"speed_tok_per_s": 450, "replica_gpus": [1]})
    means, weights = service.mean_wh("frontier", "traditional")
    found = service.at("traditional")
    out = (found.weight == 0).any(axis=1)
    assert out.any()
    # Whatever the energy of such a member, it serves nothing.
    wild = replace(found, decode_s=np.where(found.weight == 0, 1e9, found.decode_s))
    known = dict(service._known, traditional=wild)
    again, same = replace(service, _known=known).mean_wh("frontier", "traditional")
    assert (same == weights).all()
    assert again["fleet"] == pytest.approx(means["fleet"], rel=1e-12)


def test_a_model_that_reaches_nothing_leaves_its_queries_to_the_others():
    heavy = tables()
    models = heavy.models.with_columns(
        **{
            f"{part}_parameters_billions": pl.when(pl.col("model") == "B")
            .then(200.0)
            .otherwise(f"{part}_parameters_billions")
            for part in ("total", "active")
        }
    )
    service = tiny_service(of=replace(heavy, models=models), classes=TWO_MODELS)
    shares, weights = service.serving("frontier", "traditional")
    assert shares == pytest.approx(np.tile([1, 0], (4, 1)))
    assert weights == pytest.approx(np.full(4, 0.75))
    assert service.served_share("frontier", "traditional") == pytest.approx(0.75)
    assert service.served_share("B", "traditional") == 0
    assert not service.mean_wh("B", "traditional")[1].any()
    assert (service.mean_wh("B", "traditional")[0]["node"] == 0).all()


def test_a_model_that_only_some_gpus_serve_keeps_its_queries():
    service = tiny_service(classes=frontier(A=1, B=1), hardware=on(G=1, H=1))
    found, names = service.at("traditional"), service.members.names
    weight = np.where(np.arange(4) == names.index(("B", "G", "FP8")), 0, found.weight)
    partly = replace(service, _known={"traditional": replace(found, weight=weight)})
    shares, weights = partly.serving("frontier", "traditional")
    assert shares == pytest.approx(np.tile([1 / 6, 2 / 6, 0, 1 / 2], (4, 1)))
    assert weights == pytest.approx(np.ones(4))


def test_served_share_counts_models_and_gpus():
    service = varied_service(classes=TWO_MODELS, hardware=on(G=3, H=1))
    assert service.served_share("frontier", "traditional") == pytest.approx(1)
    found = service.at("traditional")
    # B on G does not get there: a quarter of the queries, three quarters of the GPUs.
    place = service.members.names.index(("B", "G", "FP8"))
    weight = np.where(np.arange(4) == place, 0, found.weight)
    partly = replace(service, _known={"traditional": replace(found, weight=weight)})
    assert partly.served_share("frontier", "traditional") == pytest.approx(1 - 0.25 * 0.75)
    assert partly.served_share("B", "traditional") == pytest.approx(0.25)


@pytest.mark.parametrize("subject", ["A", "B", "frontier"])
def test_shares_sum_to_1_and_weights_are_1_on_average(subject):
    shares, weights = varied_service().serving(subject, "traditional")
    assert shares.sum(axis=1) == pytest.approx(np.ones(200))
    assert weights.mean() == pytest.approx(1, abs=0.1)
    assert (shares >= 0).all()


# Order and parts.


def test_order_of_models_gpus_and_classes_does_not_matter():
    other = {"label": "Other", "model_class": "frontier", "weights": {"B": 1}}
    one = varied_service(classes=frontier(2, A=1, B=2) | {"other": other}, hardware=on(G=1, H=3))
    backwards = varied_service(classes={"other": other} | frontier(2, B=2, A=1), hardware=on(H=3, G=1))
    for subject in ("A", "B", "frontier", "other"):
        for boundary in BOUNDARIES:
            close([mean(one, subject, "long", boundary)], [mean(backwards, subject, "long", boundary)])


@pytest.mark.parametrize("subject", ["A", "B", "frontier", "other"])
def test_a_narrowed_service_draws_the_same(subject):
    other = {"label": "Other", "model_class": "frontier", "weights": {"B": 1, "A": 1}, "mix_concentration": 2}
    service = varied_service(classes=frontier(2, A=1, B=2) | {"other": other | {"hardware": on(H=1)}})
    narrow = service.narrowed(subject)
    assert set(narrow.members.names) <= set(service.members.names)
    assert len(narrow.members.names) == {"A": 2, "B": 2, "other": 2}.get(subject, 4)
    for workload in SECONDS:
        (first, weights), (second, narrowly) = (of.mean_wh(subject, workload) for of in (service, narrow))
        close([weights, *first.values()], [narrowly, *second.values()])


def test_a_model_alone_is_a_class_of_that_model():
    service = varied_service(classes=frontier(2, A=1, B=1))
    alone = varied_service(classes=frontier(None, B=5))
    close([mean(service, "B"), mean(service.narrowed("B"))], [mean(alone), mean(alone, "B")])


def test_narrowing_to_what_is_all_there_changes_nothing():
    service = tiny_service()
    assert service.narrowed("frontier") is service
    assert service.narrowed("A") is service


def test_energy_of_a_workload_does_not_depend_on_the_others():
    service = varied_service()
    only = varied_service(workloads={"long": VARIED["workloads"]["long"]})
    close([mean(service, workload="long")], [mean(only, workload="long")])


def test_the_seed_decides_the_draws_whatever_the_name_of_the_study():
    one, same, other = (varied_service(50, **of) for of in ({}, {"name": "tinier"}, {"seed": 2}))
    assert (mean(one) == mean(same)).all()
    assert not np.isclose(mean(one), mean(other)).any()


# Services that differ in something.


def test_other_draws_and_other_lengths_are_computed_anew():
    service = tiny_service()
    before, long = mean(service), service.at("long")
    dearer = service.sharing(service.shared.replaced("pue", 2.4))
    assert mean(dearer) == pytest.approx(2 * before)
    longer = service.with_lengths({"traditional": service.lengths["long"], "new": points(1, 1)})
    assert mean(longer) == pytest.approx(mean(service, workload="long"))
    assert (mean(longer, workload="new") < before).all()
    assert longer.at("long") is long
    assert mean(service) == pytest.approx(before)


def test_speeds_in_turn_are_those_of_services_at_each():
    service = varied_service()
    speeds = (10.0, 15.0, 1e6)
    for speed, found in zip(speeds, service.at_speeds("traditional", speeds), strict=True):
        alone = service.sharing(service.shared.replaced("speed", speed)).at("traditional")
        for name in ("prefill_s", "decode_s", "weight", "reached"):
            assert np.array_equal(getattr(found, name), getattr(alone, name)), (speed, name)
        for boundary, wh in found.wh_per_gpu_second.items():
            assert np.array_equal(wh, alone.wh_per_gpu_second[boundary])
    assert not found.weight.any()  # of a speed that nothing reaches


def test_changes_are_those_of_a_study_that_extends_it():
    service = tiny_service()
    found = service.changed({"pue": 2.4}, {"serving": {"replica_gpus": [2]}}, {"pue": 1.8})
    assert found.study.pue == 1.8
    assert found.study.serving.plain() == {"batch": 8, "replica_gpus": [2]}
    assert (found.at("traditional").point.gpus == 2).all()
    assert service.study.pue == 1.2
    assert service.changed().study == service.study


def test_shares_follow_what_is_replaced():
    """A service that was asked, then given other draws, equals one that was given them before it was asked."""

    def slower(service):
        return service.sharing(service.shared.replaced("speed", 15.0)).serving("frontier", "traditional")

    asked = varied_service()
    before = asked.serving("frontier", "traditional")
    found, expected = slower(asked), slower(varied_service())
    assert all(map(np.array_equal, found, expected))
    assert not all(map(np.array_equal, found, before))
    assert all(map(np.array_equal, asked.serving("frontier", "traditional"), before))


CHANGES = (
    {"pue": 1.7},
    {"serving": {"speed_tok_per_s": 40}},
    {"serving": {"replica_gpus": [2, 4]}},
    {"serving": {"speculative_share": 0.3}},
    {"workloads": {"traditional": {"input_tokens": 900}}},
    {"day": {"headroom": 2.0}},
    {"hardware": [{"gpu": "H", "precision": "FP8", "share": 1}]},
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: "-".join(change))
def test_what_a_change_leaves_as_it_is_may_be_kept(change):
    """A service that was asked, changed and changed back equals one that is made anew."""
    service = varied_service()
    before = mean(service)
    changed = service.changed(change)
    anew = of_service.resolved(
        changed.name, changed.study, changed.tables, draws=changed.shared.draws, seed=changed.seed
    )
    assert np.array_equal(mean(changed), mean(anew))
    assert np.array_equal(mean(service), before)
    assert np.array_equal(mean(changed.changed({})), mean(anew))


def test_another_operating_point_replaces_the_one_before():
    found = tiny_service().changed({"serving": {"speed_tok_per_s": 40}})
    assert found.study.serving.batch is None
    assert (found.at("traditional").point.batch > 8).all()


def test_a_time_per_token_is_a_speed():
    slow, fast = ({"replica_gpus": [1]} | of for of in ({"time_per_token_ms": 25}, {"speed_tok_per_s": 40}))
    close([mean(tiny_service(serving=slow))], [mean(tiny_service(serving=fast))])


# Faults.

FAULTS = {
    "classes.frontier.weights: found 'C', which is not in resources/models.csv; allowed: models of class frontier: A": {
        "classes": frontier(C=1)
    },
    "hardware: found precision 'NF4'; allowed: BF16, FP16, ": {
        "hardware": [{"gpu": "G", "precision": "NF4", "share": 1}]
    },
    "hardware: found 'K'; allowed: one of 2 names, such as G or H, rows of the registry": {"hardware": on(K=1)},
    "serving.engine: found 'vLLM'; allowed: none, or none for that of any service": {
        "serving": {"batch": 8, "replica_gpus": [1], "engine": "vLLM"}
    },
    "overheads: found 'heat'; allowed: network or spares": {"overheads": ["heat"]},
    "day.arrivals: found 'never'; allowed: one of 1 names, such as day_and_night, of resources/services": {
        "day": {"headroom": 1, "released_share": 0, "arrivals": "never"}
    },
    "workloads.traditional.trace: found 'never'; allowed: ": {
        "workloads": {"traditional": {"label": "Short", "trace": "never"}}
    },
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults_name_file_and_what_was_found(message):
    found = message_of(lambda: tiny_service(name="mine", **FAULTS[message]))
    assert found.startswith(f"config/studies/mine.yaml: {message}")


@pytest.mark.parametrize(
    ("column", "what"),
    [("tdp_w", "whose tdp_w is empty"), ("peak_fp16_tflop_per_s", "whose memory, bandwidth or peak is empty")],
)
def test_a_gpu_of_which_too_little_is_known(column, what):
    of = tables()
    bare = replace(of, hardware=of.hardware.with_columns(pl.lit(None, pl.Float64).alias(column)))
    found = message_of(lambda: tiny_service(name="mine", of=bare))
    assert (
        found == f"config/studies/mine.yaml: hardware: found 'G', {what} in resources/hardware.csv; allowed: a number"
    )


def test_a_model_of_another_class():
    of = tables()
    other = replace(of, models=of.models.with_columns(model_class=pl.lit("small")))
    found = message_of(lambda: tiny_service(name="mine", of=other))
    assert found.startswith("config/studies/mine.yaml: classes.frontier.weights: found 'A', small; allowed: models of ")


def test_a_service_is_read_from_files(tmp_path):
    of, paths = tables(), {}
    for name in of.__dataclass_fields__:
        table = getattr(of, name)
        paths[name] = str(tmp_path / f"{name}.{'csv' if name in read.REGISTRIES else 'parquet'}")
        if name == "overheads":
            table = table.with_columns(meaning=pl.lit("made up"), source=pl.lit("https://example.org"))
        if name == "node_power":
            table = table.with_columns(board_saturated_share_of_tdp_p05=pl.lit(0.85))
        if name == "runs":
            table = table.with_columns(source=pl.lit("s"))
        table.write_csv(paths[name]) if name in read.REGISTRIES else table.write_parquet(paths[name])
    found = read.read_service("tiny", entries(), paths, repeated={}, draws=4, seed=1)
    assert isinstance(found, Service)
    assert found.study == NestedStudy.of(entries())
    assert mean(found, boundary="gpu_boards") == pytest.approx(mean(tiny_service(), boundary="gpu_boards"))


def test_a_model_of_two_classes_takes_the_hardware_of_the_first():
    one, both = ({"label": "C", "model_class": "frontier", "weights": of} for of in ({"A": 1}, {"A": 1, "B": 3}))
    service = tiny_service(classes={"one": one | {"hardware": on(G=2)}, "both": both | {"hardware": on(H=2)}})
    assert service.study.subjects() == {
        **{"A": ("model", "one"), "B": ("model", "both")},
        **{"one": ("class", "one"), "both": ("class", "both")},
    }
    places = {name: place for place, name in enumerate(service.members.names)}
    shares, _ = service.serving("A", "traditional")
    assert shares[0, places["A", "G", "FP8"]] == 1
    shares, _ = service.serving("both", "traditional")
    assert shares[0, places["A", "H", "FP8"]] == pytest.approx(0.25)


# What services of the same tables share.


def test_replicas_are_the_same_alone_and_among_all():
    of, names = tables(), [("B", "H", "FP8"), ("A", "G", "BF16")]
    both = of.replicas_of(names)
    assert both.select("model", "gpu", "precision").rows() == names
    for place, name in enumerate(names):
        assert of.replicas_of([name]).equals(both[place])


def test_a_further_gpu_is_known_beside_the_others_and_what_is_fitted_is_kept():
    of = tables()
    row = of.hardware.filter(gpu="G").with_columns(gpu=pl.lit("own"), memory_gb=pl.col("memory_gb") * 2)
    more = of.with_row("hardware", row)
    assert more.model is of.model and more.lengths_of({"input_tokens": 5, "output_tokens": 7}, "") is of.lengths_of(
        {"output_tokens": 7, "input_tokens": 5}, ""
    )
    (own, known) = more.replicas_of([("A", "own", "FP8"), ("A", "G", "FP8")])["memory_b"]
    assert own == 2 * known
    assert of.replicas_of([("A", "own", "FP8")]).is_empty()


def test_services_of_one_build_do_not_depend_on_those_before_them():
    many = varied_service()
    fresh = {subject: mean(varied_service(), subject) for subject in many.study.subjects()}
    for subject, expected in fresh.items():
        assert mean(many.narrowed(subject), subject) == pytest.approx(expected, rel=1e-12)
