"""Points of the page: by hand, evenly spread, and as probable as the draws that they stand for."""

import numpy as np
import pytest
from inference_energy.answers import points
from inference_energy.answers.tables import POINTS
from inference_energy.statistics import quantiles
from tiny_package import tiny_package
from tiny_service import POWER_W, tables
from varied_service import SPREAD, VARIED, varied_service


def made(**given):
    package = tiny_package(**given)
    return points.points(package.studies["current"], package.tables, draws=package.draws, seed=1)


@pytest.mark.usefixtures("known_hosts")
def test_points_by_hand():
    found = made()
    POINTS.validate(found)
    assert found.select("model", "gpu").unique().sort("model", "gpu").rows() == [
        ("A", ""),
        ("A", "G"),
        ("A", "H"),
        ("B", ""),
        ("B", "G"),
        ("B", "H"),
        ("frontier", ""),
    ]
    for gpu in ("", "G"):
        of = found.filter(model="A", gpu=gpu)
        assert of["point"].to_list() == list(range(points.POINTS))
        expected = {"prefill_s": 1e-4, "decode_s": 1.25e-4, "attention_s": 1e-7}
        expected |= {"boards_wh": POWER_W["gpu_boards"] / 3600, "node_wh": POWER_W["node"] / 3600}
        for name, value in expected.items():
            assert of[name].to_numpy() == pytest.approx(value, rel=1e-6)


def test_points_are_spread_over_the_energy_as_the_draws_are():
    given = {"draws": 2000, "of": tables(deviations=SPREAD), **VARIED}
    of = made(**given).filter(model="frontier")
    service = varied_service(2000)
    shares, weights = service.serving("frontier", "traditional")
    found, counted = service.at("traditional"), shares * weights[:, None]
    queries = found.queries
    uncached = np.median(queries.uncached_tokens)
    values = found.seconds(uncached, queries.output_tokens, queries.context_tokens2) * found.wh_per_gpu_second["node"]
    expected = quantiles.of_weighted(values[counted > 0], counted[counted > 0])
    seconds = of["prefill_s"] * uncached + of["decode_s"] * queries.output_tokens
    energy = ((seconds + of["attention_s"] * queries.context_tokens2) * of["node_wh"]).to_numpy()
    each = quantiles.of_weighted(energy, np.ones(points.POINTS))
    for name in ("p05", "p25", "p50", "p75", "p95", "mean"):
        assert each[name] == pytest.approx(expected[name], rel=0.12), name


def test_what_lies_beyond_the_node_has_the_distribution_of_the_study():
    package = tiny_package(draws=2000, **VARIED)
    beyond = points.beyond_the_node(package.studies["current"], package.tables, draws=2000, seed=1)
    assert {name: len(of) for name, of in beyond.items()} == dict.fromkeys(beyond, points.POINTS)
    assert np.quantile(beyond["pue"], [0.05, 0.95]) == pytest.approx([1.08, 1.40], rel=0.02)
    assert np.quantile(1 - beyond["uncached_share"], [0.05, 0.95]) == pytest.approx([0.05, 0.65], rel=0.2)
    assert abs(np.corrcoef(beyond["pue"], beyond["uncached_share"])[0, 1]) < 0.4
