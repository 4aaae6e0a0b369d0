"""Shared uncertainty: distributions from the entries of a study, and draws of them that stay within their ranges."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.energy import assumptions, uncertainty
from inference_energy.energy.tables import ASSUMPTIONS
from inference_energy.energy.uncertainty import shared_draws
from inference_energy.studies.study import NestedStudy
from messages import message_of
from tiny_service import entries, frontier, on, tables
from varied_service import VARIED

FUZZ = settings(max_examples=30, derandomize=True)
MANY = 200_000


def given_by(name="tiny", **changes):
    return assumptions.assumptions(name, NestedStudy.of(entries(**changes)), tables().overheads)


def drawn_by(draws=1000, seed=1, name="tiny", **changes):
    return shared_draws(given_by(name, **changes), draws, seed)


@cache
def many():
    return drawn_by(MANY, **VARIED)


def test_every_distribution_of_the_tiny_study():
    found = given_by()
    known = {name: float(of.quantile(np.array(0.3))) for name, of in found.distributions.items()}
    assert known == {
        **{"pue": 1.2, "headroom": 1, "released_share": 0, "overhead: network": 0.1, "board_factor": 1, "host": 0.3},
        **{"cached share: traditional": 0, "cached share: long": 0, "speculative: A": 0.3},
    }
    assert (found.overheads, found.rated_w) == (("network",), {})
    assert found.mix == {"frontier": ({"A": 1.0}, None)}
    assert found.gpus == {"frontier": ({("G", "FP8"): 1.0}, None)}


def test_a_speed_and_a_time_per_token_are_speeds():
    for serving, speed in (({"speed_tok_per_s": 40}, 40), ({"time_per_token_ms": 25}, 1000 / 25)):
        found = given_by(serving=serving | {"replica_gpus": [1]})
        assert float(found.distributions["speed"].quantile(np.array(0.9))) == speed


def test_rated_power_is_of_a_node_per_gpu():
    power = {"form": "rated", "node_kw": {"default": 10.2, "by_model": {"B": 12.8}}, "utilisation": 0.6}
    found = given_by(power=power, classes=frontier(A=1, B=1))
    assert found.rated_w == pytest.approx({"A": 1275, "B": 1600})  # of eight GPUs
    assert float(found.distributions["utilisation"].quantile(np.array(0.5))) == 0.6
    assert not {"host", "board_factor"} & found.distributions.keys()


def test_hardware_of_a_class_is_its_own():
    mine = frontier(A=1)["frontier"] | {"hardware": on(G=1, H=1)}
    found = given_by(classes=frontier(A=1) | {"mine": mine}, hardware_concentration=3)
    assert found.gpus == {
        "frontier": ({("G", "FP8"): 1.0}, 3),
        "mine": ({("G", "FP8"): 0.5, ("H", "FP8"): 0.5}, 3),
    }


def test_overhead_distributions():
    known = assumptions.overhead_distribution({"share_p05": 0.1, "share_p95": 0.1})
    assert known.quantile(np.array([0.01, 0.99])).tolist() == [0.1, 0.1]
    unknown = assumptions.overhead_distribution({"share_p05": 0.04, "share_p95": 0.15})
    assert unknown.quantile(np.array([0.05, 0.95])) == pytest.approx([0.04, 0.15], rel=1e-3)


def test_overheads_add_up():
    for names, share in (((), 0.0), (("network",), 0.1), (("network", "spares"), 0.1 + np.sqrt(0.04 * 0.15))):
        of = given_by(overheads=list(names))
        drawn = shared_draws(of, 4, 1)
        if "spares" in names:
            drawn = drawn.replaced("overhead: spares", of.distributions["overhead: spares"].quantile(np.array(0.5)))
        assert uncertainty.overhead_share(of, drawn) == pytest.approx(np.full(4, share), rel=1e-3)


def test_assumptions_are_listed_with_their_percentiles():
    table = assumptions.assumed("tiny", given_by(**VARIED))
    ASSUMPTIONS.validate(table)
    rows = {row["ingredient"]: row for row in table.iter_rows(named=True)}
    # Shares of probability say nothing.
    assert rows.keys() == given_by(**VARIED).distributions.keys() - {"host", "speculative: A", "speculative: B"}
    assert (rows["pue"]["unit"], rows["speed"]["unit"], rows["released_share"]["unit"]) == ("factor", "tok/s", "share")
    assert (rows["pue"]["p05"], rows["pue"]["p95"]) == pytest.approx((1.08, 1.4), rel=1e-3)
    assert rows["overhead: network"]["p05"] == rows["overhead: network"]["p95"] == 0.1


# Draws.


def test_no_draw_leaves_its_range():
    values = many().values
    for name, (low, high) in {
        **{"pue": (1, np.inf), "headroom": (1, np.inf), "released_share": (0, 1), "speed": (0, np.inf)},
        **{"cached share: traditional": (0, 1), "overhead: spares": (0, np.inf), "host": (0, 1)},
    }.items():
        assert values[name].min() >= low and values[name].max() <= high, name
    for mixes in (many().mix, many().gpus):
        drawn = np.array(list(mixes["frontier"].values()))
        assert drawn.min() >= 0
        assert np.abs(drawn.sum(axis=0) - 1).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "ends"),
    [("pue", (1.08, 1.4)), ("speed", (23, 80)), ("headroom", (1.1, 2)), ("released_share", (0.05, 0.9))],
)
def test_draws_have_the_percentiles_of_the_study(name, ends):
    assert np.quantile(many().values[name], [0.05, 0.95]) == pytest.approx(ends, rel=0.02)


def test_mixes_are_those_of_the_study_on_average_and_vary_with_their_concentration():
    # Dirichlet of two ones: weights are uniform. Of 1.5 and 0.5: a beta distribution of variance 1.5 x 0.5 / (4 x 3).
    models, gpus = many().mix["frontier"], many().gpus["frontier"]
    assert models["A"].mean() == pytest.approx(0.5, abs=0.005)
    assert models["A"].var() == pytest.approx(1 / 12, rel=0.02)
    assert gpus["G", "FP8"].mean() == pytest.approx(0.75, abs=0.005)
    assert gpus["G", "FP8"].var() == pytest.approx(0.75 / 12, rel=0.02)
    assert abs(np.corrcoef(models["A"], gpus["G", "FP8"])[0, 1]) < 0.01


@pytest.mark.parametrize("weights", [{"A": 3, "B": 1}, {"A": 1}])
def test_a_known_mix_is_not_drawn(weights):
    concentration = 2 if len(weights) == 1 else None  # of one model there is no mix
    drawn = drawn_by(100, classes=frontier(concentration, **weights)).mix["frontier"]
    assert {model: set(values) for model, values in drawn.items()} == {
        model: {weight / sum(weights.values())} for model, weight in weights.items()
    }


@FUZZ
@given(st.floats(0.1, 50.0), st.lists(st.floats(0.1, 9), min_size=2, max_size=2))
def test_drawn_mixes_sum_to_one(concentration, weights):
    drawn = drawn_by(50, classes=frontier(concentration, **dict(zip("AB", weights, strict=True))))
    assert sum(drawn.mix["frontier"].values()) == pytest.approx(np.ones(50))


def test_draws_depend_on_seed_and_ingredient_alone():
    pue, released = VARIED["pue"], VARIED["day"]
    first = drawn_by(pue=pue)
    for same in (
        drawn_by(pue=pue, day=released, overheads=["spares"]),
        drawn_by(pue=pue, classes=frontier(2, A=1, B=1)),
        drawn_by(pue=pue, name="tinier"),
    ):
        assert (same.values["pue"] == first.values["pue"]).all()
    assert (drawn_by(pue=pue, seed=2).values["pue"] != first.values["pue"]).all()
    both = drawn_by(pue=pue, day=released).values
    assert abs(np.corrcoef(both["pue"], both["headroom"])[0, 1]) < 0.1


def test_the_cache_of_all_workloads_is_one():
    cached = VARIED["workloads"]["traditional"]["cached_share"]
    workloads = {name: {"label": name, "input_tokens": 1, "output_tokens": 1} for name in ("one", "two")}
    drawn = drawn_by(workloads={name: of | {"cached_share": cached} for name, of in workloads.items()})
    assert (uncertainty.cached_share(drawn, "one") == uncertainty.cached_share(drawn, "two")).all()
    assert np.ptp(uncertainty.cached_share(drawn, "one")) > 0.5


def test_drawn_mixes_do_not_depend_on_order():
    one = drawn_by(classes=frontier(3, A=1, B=2), hardware=on(G=1, H=3), hardware_concentration=2)
    other = drawn_by(classes=frontier(3, B=2, A=1), hardware=on(H=3, G=1), hardware_concentration=2)
    for mixes in ("mix", "gpus"):
        first, second = getattr(one, mixes)["frontier"], getattr(other, mixes)["frontier"]
        for name in first:
            assert first[name] == pytest.approx(second[name], rel=1e-12)


def test_classes_draw_the_same_shares_of_the_same_gpus_and_models_of_their_own():
    both = frontier(2, A=1, B=1) | {"other": frontier(2, A=1, B=1)["frontier"]}
    drawn = drawn_by(classes=both, hardware=on(G=1, H=3), hardware_concentration=2)
    assert (drawn.gpus["frontier"]["G", "FP8"] == drawn.gpus["other"]["G", "FP8"]).all()
    assert not np.isclose(drawn.mix["frontier"]["A"], drawn.mix["other"]["A"]).any()


def test_one_ingredient_replaced():
    drawn = drawn_by(10, **VARIED)
    found = drawn.replaced("pue", 1.5)
    assert found.values["pue"].tolist() == [1.5] * 10
    assert (found.draws, found.mix, found.gpus) == (10, drawn.mix, drawn.gpus)
    assert {name for name in drawn.values if (found.values[name] != drawn.values[name]).any()} == {"pue"}


FAULTS = {
    "overheads: found 'heat'; allowed: network or spares": {"overheads": ["heat"]},
    "pue: found p05 0.9, p95 1.4; allowed: 1 < p05 < p95": {
        "pue": {"family": "shifted_lognormal", "above": 1, "p05": 0.9, "p95": 1.4}
    },
    "day.headroom: found p05 0.9, p95 1.4; allowed: 1 < p05 < p95": {
        "day": {"headroom": {"family": "shifted_lognormal", "above": 1, "p05": 0.9, "p95": 1.4}, "released_share": 0}
    },
    "day.released_share: found p05 0.9, p95 0.8; allowed: ": {
        "day": {"headroom": 1, "released_share": {"family": "beta", "p05": 0.9, "p95": 0.8}}
    },
    "power.board_factor: found p05 0.9, p95 0.8; allowed: ": {
        "power": {"form": "measured", "board_factor": {"family": "beta", "p05": 0.9, "p95": 0.8}}
    },
    "power.utilisation: found p05 0.9, p95 0.8; allowed: ": {
        "power": {
            **{"form": "rated", "node_kw": {"default": 10.2}},
            "utilisation": {"family": "beta", "p05": 0.9, "p95": 0.8},
        }
    },
    "workloads.long.cached_share: found p05 0.5, p95 0.4; allowed: ": {
        "workloads": {"long": {"label": "Long", "cached_share": {"family": "beta", "p05": 0.5, "p95": 0.4}}}
    },
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults_name_file_and_key(message):
    found = message_of(lambda: given_by("mine", **FAULTS[message]))
    assert found.startswith(f"config/studies/mine.yaml: {message}")
