"""Each assumption alone: by hand with a tiny service, where what is known has no row."""

import numpy as np
import pytest
from inference_energy.fleet import tables as of_fleet
from inference_energy.fleet.tornado import LABELS, UNITS, at_ends, at_medians, quantities, tornado
from tiny_service import SCENARIOS, STUDY, WH, frontier, on, points, tables, tiny_service
from varied_service import VARIED, varied_service

TRADITIONAL, LONG, MIXED = UNITS
WH_OF = {TRADITIONAL: WH["traditional"], LONG: WH["long"]}
MIXED_GWH = 1.1 * (0.9 * WH["traditional"] + 0.1 * WH["long"])  # of a billion queries, with a tenth of overheads
DAY = STUDY["day"]


def bars(service=tiny_service, **changes):
    """By ingredient and quantity: at its P5, at its P95, and the centre."""
    table = tornado(service(**changes))
    of_fleet.TORNADO.validate(table)
    return {
        (row["ingredient"], row["quantity"]): (row["at_low"], row["at_high"], row["central"])
        for row in table.iter_rows(named=True)
    }


def ingredients(**changes):
    return {ingredient for ingredient, _ in bars(**changes)}


def test_what_is_known_has_no_row():
    assert ingredients() == {"host"}  # of which half draw less: always uncertain
    rated = {"form": "rated", "node_kw": {"default": 8}, "utilisation": 0.5}
    assert ingredients(power=rated) == set()


@pytest.mark.parametrize(
    ("ingredient", "change"),
    [
        ("pue", {"pue": VARIED["pue"]}),
        ("headroom", {"day": DAY | {"headroom": VARIED["day"]["headroom"]}}),
        ("released_share", {"day": {"headroom": 2, "released_share": VARIED["day"]["released_share"]}}),
        ("overheads", {"overheads": ["spares"]}),
        ("speed", {"serving": {"speed_tok_per_s": VARIED["serving"]["speed_tok_per_s"], "replica_gpus": [1]}}),
        ("model", {"classes": frontier(A=1, B=1)}),
        ("board_factor", {"power": {"form": "measured", "board_factor": {"family": "beta", "p05": 0.6, "p95": 0.9}}}),
        ("lengths", {"lengths": {"traditional": points([100, 1000, 3000], 500)}}),
    ],
)
def test_what_is_uncertain_has_a_row(ingredient, change):
    # Where users see a speed, the serving model finds its batch.
    assert ingredients(**change) - {"host", "serving"} == {ingredient}


def test_pue_by_hand():
    found = bars(pue=VARIED["pue"])
    for quantity, wh in WH_OF.items():
        ends = [wh / 1.2 * pue for pue in (1.08, 1.4)]
        assert found["pue", quantity][:2] == pytest.approx(ends, rel=1e-4)
    ends = [MIXED_GWH / 1.2 * pue for pue in (1.08, 1.4)]
    assert found["pue", MIXED][:2] == pytest.approx(ends, rel=1e-4)


def test_central_is_the_expected_value_and_units_are_told():
    service = varied_service(100)
    found = tornado(service)
    assert dict(found.select("quantity", "unit").iter_rows()) == {TRADITIONAL: "Wh", LONG: "Wh", MIXED: "GWh/day"}
    central = dict(found.select("quantity", "central").iter_rows())
    means, weights = service.mean_wh("frontier", "long")
    assert central[LONG] == pytest.approx(np.average(means["datacenter"][weights > 0], weights=weights[weights > 0]))
    assert central == pytest.approx(quantities(service)) and central[LONG] > 1.01 * quantities(service, "p50")[LONG]
    middle = quantities(tiny_service())
    assert middle == pytest.approx(WH_OF | {MIXED: MIXED_GWH}, rel=1e-6)


def test_headroom_and_released_replicas_by_hand():
    found = bars(day=DAY | {"headroom": VARIED["day"]["headroom"]})
    for quantity, wh in WH_OF.items():
        assert found["headroom", quantity][:2] == pytest.approx([1.1 * wh, 2 * wh], rel=1e-4)
    found = bars(day={"headroom": 2, "released_share": {"family": "beta", "p05": 0.2, "p95": 0.8}})
    for quantity, wh in WH_OF.items():
        assert found["released_share", quantity][:2] == pytest.approx([1.8 * wh, 1.2 * wh], rel=1e-4)


def test_hosts_by_hand():
    # Half of the way from 100 W to 150 W, and to 300 W.
    found = bars()
    for quantity, wh in WH_OF.items():
        assert found["host", quantity][:2] == pytest.approx([wh * 625 / 650, wh * 700 / 650], rel=1e-3)


def test_cache_and_overheads_by_hand():
    cached = {"cached_share": {"family": "beta", "p05": 0.1, "p95": 0.5}}
    workloads = {name: of | (cached if name == "traditional" else {}) for name, of in STUDY["workloads"].items()}
    found = bars(workloads=workloads, overheads=["spares"])
    ends = [WH["traditional"] * (1 - 0.1 * share / 0.225) for share in (0.1, 0.5)]
    assert found["cached", TRADITIONAL][:2] == pytest.approx(ends, rel=1e-3)
    assert found["cached", LONG] == pytest.approx([WH["long"]] * 3, rel=1e-6)
    # Overheads are not in the datacenter's part.
    assert found["overheads", LONG] == pytest.approx([WH["long"]] * 3, rel=1e-6)
    low, high = found["overheads", MIXED][:2]
    assert high / low == pytest.approx(1.15 / 1.04, rel=1e-3)


def test_all_overheads_and_caches_move_together():
    cached = {"cached_share": {"family": "beta", "p05": 0.1, "p95": 0.5}}
    found = bars(workloads={name: of | cached for name, of in STUDY["workloads"].items()})
    for quantity, seconds in ((TRADITIONAL, 0.225), (LONG, 0.75)):
        ends = [WH_OF[quantity] * (1 - 0.1 * share / seconds) for share in (0.1, 0.5)]
        assert found["cached", quantity][:2] == pytest.approx(ends, rel=1e-3)


def test_lengths_by_hand():
    # A tenth of the prompts has 100 tokens, a tenth 3,000; answers stay 500.
    found = bars(lengths={"traditional": points([100, 1000, 3000], 500, weights=[1, 8, 1])})
    ends = [(1e-4 * prompt + 0.0625 + 500 * (prompt + 250) * 1e-7) * 780 / 3600 for prompt in (100, 3000)]
    assert found["lengths", TRADITIONAL][:2] == pytest.approx(ends, rel=1e-6)


def test_one_model_or_gpu_alone_by_hand():
    found = bars(classes=frontier(A=4, B=1))
    a, b = WH["traditional"], WH["traditional"] * 0.3875 / 0.225
    assert found["model", TRADITIONAL] == pytest.approx((a, b, 0.8 * a + 0.2 * b), rel=1e-6)
    # H needs the same energy at the same prompt; without power of hosts it would be the same.
    rated = {"form": "rated", "node_kw": {"default": 8}, "utilisation": 0.65}
    found = bars(hardware=on(G=1, H=1), power=rated)
    assert found["gpu", TRADITIONAL] == pytest.approx((a / 2, a, a / 1.5), rel=1e-6)


def test_speculative_decoding_everywhere_and_nowhere_by_hand():
    serving = STUDY["serving"] | {"speculative_share": 0.5}
    found = bars(serving=serving, of=tables({"accepted_tokens": np.log(2)}), draws=400)
    saved = WH["traditional"] * (0.1 + 0.0625) / 0.225
    assert found["speculative", TRADITIONAL][:2] == pytest.approx((saved, WH["traditional"]), rel=1e-6)


def test_serving_model_is_what_is_left_with_all_else_at_its_median():
    service = varied_service(200)
    ends = at_ends(service, "serving")
    fixed = service.sharing(at_medians(service))
    for quantity in (TRADITIONAL, LONG):
        assert ends["low"][quantity] < quantities(fixed)[quantity] < ends["high"][quantity]
    for name in ("pue", "headroom", "released_share", "speed"):
        assert np.ptp(fixed.shared.values[name]) == 0
        assert fixed.shared.values[name][0] == pytest.approx(np.median(service.shared.values[name]), rel=0.2)
    assert set(fixed.shared.mix["frontier"]["A"]) == {0.5}
    assert set(fixed.shared.gpus["frontier"]["G", "FP8"]) == {0.75}
    # A service decodes speculatively or not: there is no median.
    assert np.ptp(fixed.shared.values["speculative: A"]) > 0.5


def test_every_row_has_a_label_and_ends_on_both_sides_of_the_centre():
    table = tornado(varied_service(200))
    assert set(table["ingredient"]) == set(LABELS) - {"utilisation", "board_factor", "lengths", "speculative"}
    for row in table.iter_rows(named=True):
        assert row["label"] == LABELS[row["ingredient"]]
    for row in table.filter(quantity=LONG, ingredient="pue").iter_rows(named=True):
        assert row["at_low"] < row["central"] < row["at_high"]


def test_an_end_that_nothing_serves_has_no_row():
    serving = {"speed_tok_per_s": {"family": "lognormal", "p05": 20, "p95": 2000}, "replica_gpus": [1]}
    found = bars(serving=serving, draws=100)
    assert "speed" not in {ingredient for ingredient, _ in found}
    assert at_ends(tiny_service(serving=serving, draws=100), "speed")["high"] == {}


def test_a_study_without_a_mixed_scenario_has_no_such_quantity():
    fleet = STUDY["fleet"] | {"scenarios": {"long": SCENARIOS["long"]}}
    assert set(quantities(tiny_service(fleet=fleet))) == {TRADITIONAL, LONG}
