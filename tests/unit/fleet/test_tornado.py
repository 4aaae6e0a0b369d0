"""Each assumption alone: by hand with a tiny service, where what is known has no row."""

import numpy as np
import polars as pl
import pytest
from inference_energy.fleet import tables
from inference_energy.fleet.tornado import LABELS, tornado
from inference_energy.statistics.distributions import Beta, Constant, distribution
from scipy.special import ndtri
from tiny_service import POWER, SECONDS, UNIFORM, points, tiny_service

PUE = distribution({"family": "shifted_lognormal", "above": 1, "p05": 1.08, "p95": 1.4})
LOAD = Beta.from_percentiles(p05=0.45, p95=0.85)
TRADITIONAL, LONG, MIXED = "traditional: mean over queries", "long: mean over queries", "mixed fleet"
SECONDS_OF = {TRADITIONAL: SECONDS["traditional"], LONG: SECONDS["long"]}
MIXED_SECONDS = 0.9 * SECONDS["traditional"] + 0.1 * SECONDS["long"]  # a tenth of the queries is long
EXACT = {"rel": 1e-6}


def bars(**changes):
    """By ingredient and quantity: at its P5, at its P95, and the centre."""
    table = tornado(tiny_service(**changes))
    tables.TORNADO.validate(table)
    return {
        (row["ingredient"], row["quantity"]): (row["at_low"], row["at_high"], row["central"])
        for row in table.iter_rows(named=True)
    }


def ingredients(**changes):
    return {ingredient for ingredient, _ in bars(**changes)}


def test_central_by_hand():
    found = tornado(
        tiny_service(distributions={"pue": distribution({"family": "lognormal", "p05": 1.2 / 1.1, "p95": 1.2 * 1.1})})
    )
    central = dict(found.filter(ingredient="pue").select("quantity", "central").iter_rows())
    assert central == pytest.approx(
        {TRADITIONAL: 2.625 * 0.8, LONG: 9 * 0.8, MIXED: MIXED_SECONDS * 0.88}, **EXACT
    )  # a billion queries a day: as many GWh as Wh per query
    assert dict(found.select("quantity", "unit").iter_rows()) == {TRADITIONAL: "Wh", LONG: "Wh", MIXED: "GWh/day"}


def test_pue_by_hand():
    found = bars(distributions={"pue": PUE})
    for quantity, seconds in SECONDS_OF.items():
        ends = [seconds * pue * 600 / 900 for pue in (1.08, 1.4)]
        assert found["pue", quantity][:2] == pytest.approx(ends, rel=1e-4)
    ends = [MIXED_SECONDS * pue * 600 / 900 * 1.1 for pue in (1.08, 1.4)]
    assert found["pue", MIXED][:2] == pytest.approx(ends, rel=1e-4)


def test_load_by_hand():
    # P = 200 + 800 load W per GPU, over load / 2 of the time.
    found = bars(distributions={"load": LOAD})
    for quantity, seconds in SECONDS_OF.items():
        ends = [seconds * 1.2 * (200 + 800 * load) / (load * 0.5 * 3600) for load in (0.45, 0.85)]
        assert found["load", quantity][:2] == pytest.approx(ends, rel=1e-4)
        assert ends[0] > found["load", quantity][2] > ends[1]


def test_attainment_by_hand():
    found = bars(distributions={"attainment": Beta.from_percentiles(p05=0.2, p95=0.8)})
    assert found["attainment", TRADITIONAL][:2] == pytest.approx([2.1 * 0.5 / 0.2, 2.1 * 0.5 / 0.8], rel=1e-4)


def test_power_by_hand():
    # Saturated boards from 0.6 to 1.0 of 1,000 W, host of 200 W: P5 and P95 of a uniform distribution.
    power = {"G": type(POWER)(**(vars(POWER) | {"board_saturated": Beta(a=1.0, b=1.0, low=0.6)}))}
    found = bars(distributions={"boards": UNIFORM}, power=power)
    ends = [2.625 * 1.2 * (50 + 500 * share + 150) / 900 for share in (0.62, 0.98)]
    assert found["boards", TRADITIONAL][:2] == pytest.approx(ends, rel=1e-4)
    assert "host" not in {ingredient for ingredient, _ in found}


def test_fits_cache_and_overheads_by_hand():
    distributions = {
        "cached share: traditional": Beta.from_percentiles(p05=0.1, p95=0.5),
        "overhead: network": distribution({"family": "lognormal", "p05": 0.05, "p95": 0.2}),
    }
    found = bars(distributions=distributions, fit_errors={"A": 0.1})
    median = float(distributions["cached share: traditional"].quantile(np.array(0.5)))
    central = (2.625 - median) * 0.8
    assert found["cached", TRADITIONAL] == pytest.approx((2.525 * 0.8, 2.125 * 0.8, central), rel=1e-4)
    assert found["cached", LONG] == pytest.approx((7.2, 7.2, 7.2), **EXACT)
    factors = np.exp(0.1 * ndtri([0.05, 0.95]))
    assert found["fit", LONG][:2] == pytest.approx(7.2 * factors, rel=1e-4)
    assert found["overheads", LONG] == pytest.approx((7.2, 7.2, 7.2), **EXACT)  # the datacenter's part of it alone
    day = ((MIXED_SECONDS - 0.9 * median) * 0.8) * np.array([1.05, 1.2, 1.1])
    assert found["overheads", MIXED] == pytest.approx(tuple(day), rel=1e-4)


def test_all_fits_move_together():
    found = bars(weights={"A": 1, "B": 1}, fit_errors={"A": 0.1, "B": 0.3})
    for end, share in enumerate((0.05, 0.95)):
        mean = (np.exp(0.1 * ndtri(share)) + 2 * np.exp(0.3 * ndtri(share))) / 2
        assert found["fit", LONG][end] == pytest.approx(7.2 * mean, rel=1e-4)


def test_lengths_by_hand():
    # A tenth of the prompts has 100 tokens, a tenth 3,000; answers stay 500.
    lengths = {"traditional": points([100, 1000, 3000], 500, weights=[1, 8, 1]), "long": points(1000, 2000)}
    found = bars(lengths=lengths)
    ends = [(1e-3 * prompt + 1 + 1e-6 * (500 * prompt + 125_000)) * 0.8 for prompt in (100, 3000)]
    assert found["lengths", TRADITIONAL][:2] == pytest.approx(ends, **EXACT)


def test_a_known_ingredient_has_no_row():
    assert ingredients() <= {"lengths", "coupling"}
    for name, of in (("pue", PUE), ("load", LOAD), ("attainment", LOAD), ("cached share: long", LOAD)):
        assert ingredients(distributions={name: of}) - {"lengths", "coupling"} == {name.split(" ")[0]}


def test_prompts_of_one_length_have_no_row():
    assert "lengths" not in ingredients()


def test_power_of_a_fleet_that_is_always_busy_has_no_row():
    assert "coupling" not in ingredients(distributions={"load": Constant(1.0)})


def test_one_model_alone_by_hand():
    # B needs twice the GPU time; a fifth of the queries goes to it.
    found = bars(weights={"A": 4, "B": 1})
    assert found["model", TRADITIONAL] == pytest.approx((2.1, 4.2, 2.1 * 1.2), **EXACT)
    assert found["model", MIXED] == pytest.approx(tuple(MIXED_SECONDS * 0.88 * np.array([1, 2, 1.2])), **EXACT)
    assert "model" not in ingredients()


def test_one_gpu_alone_by_hand():
    double = type(POWER)(
        tdp_w=2000.0,
        board_idle=0.1,
        board_saturated=Constant(0.8),
        host_idle_w=200.0,
        host_saturated=Constant(400.0),
    )
    changes = {"gpus": {"H": 1, "G": 3}, "power": {"G": POWER, "H": double}}
    assert bars(**changes)["gpu", TRADITIONAL] == pytest.approx((2.1, 4.2, 2.1 * 1.25), **EXACT)


def test_coupling_by_hand():
    # 1,000 W at load 1 and 600 W at a half.
    found = bars()
    assert found["coupling", TRADITIONAL] == pytest.approx((2.1, 2.1 * 1000 / 600, 2.1), **EXACT)
    assert found["coupling", MIXED][1] / found["coupling", MIXED][2] == pytest.approx(1000 / 600)
    load = float(LOAD.quantile(np.array(0.5)))
    found = bars(distributions={"load": LOAD})
    assert found["coupling", LONG][1] / found["coupling", LONG][0] == pytest.approx(1000 / (200 + 800 * load))


def test_rated_nodes_have_utilisation_and_no_coupling():
    found = bars(rated_w={"A": 1000.0}, distributions={"utilisation": Beta.from_percentiles(p05=0.4, p95=0.9)})
    assert {ingredient for ingredient, _ in found} == {"utilisation"}
    ends = [2.625 * 1.2 * 1000 * share / 900 for share in (0.4, 0.9)]
    assert found["utilisation", TRADITIONAL][:2] == pytest.approx(ends, rel=1e-4)


def test_other_classes_and_scenarios_do_not_matter():
    study = tiny_service().study
    classes = study.classes | {"other": {"label": "Other", "weights": {"C": 1, "D": 1}}}
    assert bars(distributions={"pue": PUE}, classes=classes) == bars(distributions={"pue": PUE})
    scenarios = {"long": study.fleet.scenarios["long"]}
    found = bars(distributions={"pue": PUE}, fleet=study.fleet.replaced(scenarios=scenarios))
    assert {quantity for _, quantity in found} == {TRADITIONAL, LONG}


def test_rows_come_in_the_order_of_the_labels():
    table = tornado(tiny_service(weights={"A": 1, "B": 1}, distributions={"pue": PUE, "load": LOAD}))
    order = table["ingredient"].unique(maintain_order=True).to_list()
    assert order == [name for name in LABELS if name in order]
    assert dict(table.select("ingredient", "label").iter_rows()).items() <= LABELS.items()
    assert table.select(pl.len().over("ingredient")).to_series().unique().to_list() == [3]
