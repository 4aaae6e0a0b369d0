"""Other methods on measured runs: by hand, and that nothing measured is used."""

import polars as pl
import pytest
from inference_energy.throughput import log_linear
from inference_energy.validation.peers import ecologits, jegham
from inference_energy.validation.peers.on_runs import PEERS, predictions

H100, B200 = "H100 SXM 80GB", "B200 180GB"
RUN = {
    **{"source": "s", "row_id": "r", "model": "A", "gpu": H100, "gpus": 8, "output_tokens": 300.0},
    **{"board_share": 0.6, "energy_j_per_output_token": 0.5},
}
MODELS = pl.DataFrame(
    {"model": ["A", "B"], "active_parameters_billions": [70.0, 37.0], "total_parameters_billions": [70.0, 671.0]}
)
HARDWARE = pl.DataFrame({"gpu": [H100, B200], "tdp_w": [1000.0, 1200.0]})
# Boards of sqrt(0.5 x 0.72) = 0.6 of 1,000 W and a host of sqrt(0.1 x 0.4) = 0.2 kW: three quarters are the boards'.
POWER = pl.DataFrame(
    {
        "gpu": [H100],
        "board_saturated_share_of_tdp_p05": [0.5],
        "board_saturated_share_of_tdp_p95": [0.72],
        "host_saturated_kw_per_gpu_p05": [0.1],
        "host_saturated_kw_per_gpu_p95": [0.4],
    }
)
CURVES = {"A": log_linear.constant(2000.0)}
EPOCH_NODE_J = 2 * 70e9 / 9.89e13 * 892.5  # per token
PUBLISHED_NODE_J = 10_200 * 0.6 / 2000


def said(*changes, power=POWER, curves=CURVES):
    runs = pl.DataFrame([RUN | change for change in changes or ({},)], infer_schema_length=None)
    found = predictions(runs, MODELS, HARDWARE, power, curves)
    return dict(found.select("label", "predicted_p50").iter_rows())


def test_a_node_is_brought_to_its_boards_by_hand():
    found = said()
    assert found["Epoch AI"] == pytest.approx(0.75 * EPOCH_NODE_J)
    assert found["Oviedo et al."] == pytest.approx(0.75 * PUBLISHED_NODE_J)
    assert set(found) == {peer.label for peer in PEERS}


def test_methods_that_know_boards_are_taken_as_they_are():
    run = {"gpu": H100, "active_b": 70.0, "total_b": 70.0, "model": "A", "output_tokens": 300.0}
    for peer in (ecologits.PEER, jegham.PEER):
        assert said()[peer.label] == peer.j_per_output_token(run, "gpu_boards")


def test_a_method_that_cannot_say_has_no_row():
    assert set(said(power=POWER.clear())) == {"EcoLogits", "Jegham et al."}  # no part of the boards
    assert set(said({"gpu": B200})) == {"EcoLogits"}
    assert "Oviedo et al." not in said(curves={})
    assert "Oviedo et al." not in said({"model": "B"})


def test_runs_whose_boards_were_not_metered_are_left_out():
    assert said({"board_share": None}) == {}
    runs = pl.DataFrame([RUN, RUN | {"row_id": "other", "board_share": None}])
    found = predictions(runs, MODELS, HARDWARE, POWER, CURVES)
    assert set(found["row_id"]) == {"r"}


def test_nothing_measured_is_used():
    assert said({"energy_j_per_output_token": 99.0, "board_share": 0.1}) == said()
