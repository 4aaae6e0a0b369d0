"""Scores of methods: errors by hand on tiny tables, and this work and others on the same runs of the corpus."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inference_energy.common import yaml_files
from inference_energy.energy.board_evidence import saturated
from inference_energy.oviedo import energy
from inference_energy.throughput import borrowing, log_linear
from inference_energy.validation import backtest, scores, tables
from inference_energy.validation.peers import ecologits, epoch, jegham
from inference_energy.validation.scores import OURS, peer_predictions

CONFIG = yaml_files.read_yaml(Path(__file__).parents[3] / "config/config.yaml")
SETTINGS, SEED = CONFIG["backtest"], CONFIG["seed"]
KEYS = ["source", "row_id", "target"]
H100, B200 = "H100 SXM 80GB", "B200 180GB"
PLACE = {"source": "s", "row_id": "a", "model": "A", "model_class": "large", "gpu": "G", "target": "gpu_boards"}


def ours(*runs):
    """Runs with ratio and whether they lie inside the half and the nine tenths; None is not predicted.

    All were measured at 1 J; nothing is said of them unseen.
    """
    unseen = dict.fromkeys(f"predicted_{name}_unseen" for name in ("p05", "p25", "p50", "p75", "p95"))
    return pl.DataFrame(
        [
            PLACE
            | unseen
            | {"row_id": name, "measured": 1.0, "ratio": ratio, "inside_50": half, "inside_90": most}
            | change
            for name, ratio, half, most, change in runs
        ],
        schema_overrides={"ratio": pl.Float64} | dict.fromkeys(unseen, pl.Float64),
        infer_schema_length=None,
    )


def theirs(*runs):
    return pl.DataFrame(
        [
            PLACE
            | {"row_id": name, "method": "peer", "label": "Peer", "measured": measured, "predicted": said}
            | change
            for name, measured, said, change in runs
        ],
        schema_overrides={"predicted": pl.Float64},
    )


OWN = ours(
    ("a", 2.0, True, True, {}),
    ("b", 0.5, False, True, {"gpu": "H"}),
    ("c", 1.0, False, False, {"gpu": "H", "source": "t", "model_class": "small"}),
    ("d", None, None, None, {}),
    ("a", 4.0, True, True, {"target": "node_wall"}),
)
PEER = theirs(
    ("a", 2.0, 8.0, {}),
    ("b", 2.0, None, {"gpu": "H"}),
    ("d", 3.0, 3.0, {}),
    ("a", 1.0, None, {"target": "node_wall"}),
)


def row(method=OURS, grouped_by="all", group="all", target="gpu_boards"):
    found = scores.scores(OWN, PEER).filter(method=method, grouped_by=grouped_by, group=group, target=target)
    return found.row(0, named=True)


def test_ours_by_hand():
    # Ratios 2, 1/2 and 1: logs +-ln 2 and 0.
    found = row()
    assert (found["runs"], found["ratio_p50"], found["label"]) == (3, 1.0, "This work")
    assert found["ratio_geometric_sd"] == pytest.approx(2)  # (2 ln^2 2) / (3 - 1)
    assert found["geometric_error"] == pytest.approx(np.exp(np.log(2) * np.sqrt(2 / 3)))
    assert found["ours_on_the_same_runs"] == pytest.approx(found["geometric_error"])
    assert (found["share_inside_50"], found["share_inside_90"]) == pytest.approx((1 / 3, 2 / 3))


def test_others_by_hand():
    # 4 and 1; ours predicts the first alone, by 2.
    found = row("peer")
    assert (found["runs"], found["ratio_p50"], found["label"]) == (2, 2.5, "Peer")
    assert found["geometric_error"] == pytest.approx(np.exp(np.log(4) / np.sqrt(2)))
    assert found["ratio_geometric_sd"] == pytest.approx(np.exp(np.log(4) / np.sqrt(2)))
    assert found["ours_on_the_same_runs"] == pytest.approx(2)
    assert (found["share_inside_50"], found["share_inside_90"]) == (None, None)


def test_unseen_by_hand():
    # Predicted as 3 and 1/3 J of 1 J; inside the half once, inside the nine tenths twice.
    quantiles = [f"predicted_{name}_unseen" for name in ("p05", "p25", "p50", "p75", "p95")]
    runs = ours(
        ("a", 2.0, True, True, dict(zip(quantiles, (0.5, 0.9, 3.0, 4.0, 5.0), strict=True))),
        ("b", None, None, None, dict(zip(quantiles, (0.1, 0.2, 1 / 3, 0.5, 2.0), strict=True))),
        ("c", 9.0, True, True, {}),
    )
    (found,) = scores.scores(runs, PEER.clear()).filter(method=scores.UNSEEN, grouped_by="all").rows(named=True)
    assert (found["runs"], found["share_inside_50"], found["share_inside_90"]) == (2, 0.5, 1)
    assert found["geometric_error"] == pytest.approx(3)
    assert found["ours_on_the_same_runs"] == pytest.approx(2)


def test_targets_are_told_apart_and_one_run_has_no_spread():
    found = row(target="node_wall")
    assert (found["runs"], found["geometric_error"], found["ratio_geometric_sd"]) == (1, pytest.approx(4), None)
    assert scores.scores(OWN, PEER).filter(method="peer", target="node_wall").is_empty()


def test_a_systematic_factor_is_an_error_without_spread():
    found = scores.scores(ours(*((name, 3.0, False, False, {}) for name in "abc")), PEER.clear())
    (found,) = found.filter(grouped_by="all").rows(named=True)
    assert (found["geometric_error"], found["ratio_geometric_sd"]) == pytest.approx((3, 1))


def test_too_much_and_too_little_are_equally_wrong():
    for sign in (1, -1):
        table = scores.scores(ours(("a", 5.0**sign, True, True, {}), ("b", 2.0**sign, True, True, {})), PEER.clear())
        assert table["geometric_error"][0] == pytest.approx(np.exp(np.sqrt((np.log(5) ** 2 + np.log(2) ** 2) / 2)))


def test_groups():
    table = scores.scores(OWN, PEER)
    tables.SCORES.validate(table.select(list(tables.SCORES.columns)))
    counted = {
        (row["grouped_by"], row["group"]): row["runs"]
        for row in table.filter(method=OURS, target="gpu_boards").iter_rows(named=True)
    }
    assert counted == {
        ("all", "all"): 3,
        ("gpu", "G"): 1,
        ("gpu", "H"): 2,
        ("model_class", "large"): 2,
        ("model_class", "small"): 1,
        ("source", "s"): 2,
        ("source", "t"): 1,
    }
    assert row(grouped_by="gpu", group="H")["ratio_p50"] == 0.75
    assert table.select("grouped_by", "target", "group", "method").is_duplicated().sum() == 0


def test_methods_without_any_run_of_ours_have_nothing_to_compare():
    table = scores.scores(OWN, theirs(("d", 3.0, 6.0, {})))
    assert table.filter(method="peer")["ours_on_the_same_runs"].to_list() == [None] * 4


# Predictions of other methods.

RUN = {
    "source": "s",
    "row_id": "r",
    "model": "A",
    "model_class": "large",
    "gpu": H100,
    "gpus": 8,
    "active_parameters_billions": 70.0,
    "total_parameters_billions": 70.0,
    "output_tokens": 300.0,
    "prompts": "chat",
    "boundary": "gpu_boards",
    "energy_j_per_output_token": 0.5,
}
# Boards of sqrt(0.5 x 0.72) = 0.6 of 1,000 W and a host of sqrt(0.1 x 0.4) = 0.2 kW: three quarters are the boards'.
POWER = pl.DataFrame(
    {
        "gpu": [H100],
        "tdp_w": [1000.0],
        "board_saturated_share_of_tdp_p05": [0.5],
        "board_saturated_share_of_tdp_p95": [0.72],
        "host_saturated_kw_per_gpu_p05": [0.1],
        "host_saturated_kw_per_gpu_p95": [0.4],
    }
)
CURVES = {"A": log_linear.constant(2000.0)}
EPOCH_NODE_J = 2 * 70e9 / 9.89e13 * 892.5  # per token
PUBLISHED_NODE_J = 10_200 * 0.6 / 2000


def said(power=POWER, curves=CURVES, output_tokens=None, **change):
    runs = pl.DataFrame([RUN | change], schema_overrides={"output_tokens": pl.Float64})
    found = peer_predictions(runs, power, curves, output_tokens=output_tokens or {})
    assert len(found) == len(scores.PEERS)
    return {row["method"]: row for row in found.iter_rows(named=True)}


def test_a_node_is_brought_to_its_boards_by_hand():
    found = said()
    for method, node in (("epoch", EPOCH_NODE_J), ("published", PUBLISHED_NODE_J)):
        assert found[method]["predicted"] == pytest.approx(0.75 * node)
        assert (found[method]["aligned"], found[method]["reason"]) == (True, None)


def test_the_wall_is_the_node_as_it_is():
    found = said(boundary="node_wall")
    for method, node in (("epoch", EPOCH_NODE_J), ("published", PUBLISHED_NODE_J)):
        assert found[method]["predicted"] == pytest.approx(node)
        assert not found[method]["aligned"]


def test_methods_that_know_boards_are_taken_as_they_are():
    for boundary, place in (("gpu_boards", "gpu_boards"), ("node_wall", "node")):
        found = said(boundary=boundary)
        run = {"gpu": H100, "gpus": 8, "active_b": 70.0, "total_b": 70.0, "model": "A", "output_tokens": 300.0}
        for peer in (ecologits, jegham):
            assert found[peer.PEER.name]["predicted"] == pytest.approx(peer.PEER.j_per_output_token(run, place))
            assert not found[peer.PEER.name]["aligned"]


def test_reasons_are_given_exactly_where_a_method_says_nothing():
    for found in (said(), said(power=POWER.clear()), said(gpu=B200), said(curves={}), said(output_tokens=None)):
        for row in found.values():
            assert (row["predicted"] is None) == (row["reason"] is not None)
            assert not (row["aligned"] and row["predicted"] is None)
    assert said()["inferencemax"]["predicted"] is None
    assert said(curves={})["published"]["predicted"] is None
    assert said(power=POWER.clear())["epoch"]["reason"] == epoch.PEER.cannot_say(
        {"active_b": 70, "gpu": H100, "output_tokens": 300}, "gpu_boards"
    )


def test_nothing_measured_is_used():
    plain, changed = said(), said(energy_j_per_output_token=99.0)
    for method, row in plain.items():
        assert changed[method]["predicted"] == row["predicted"]
        assert (row["measured"], changed[method]["measured"]) == (0.5, 99.0)


def test_answers_of_benchmarks_that_state_none():
    stated, unstated = said(), said(**{"output_tokens": {"chat": 300}})
    assert unstated["jegham"]["predicted"] == stated["jegham"]["predicted"]
    runs = pl.DataFrame([RUN | {"output_tokens": None}], schema_overrides={"output_tokens": pl.Float64})
    for known, expected in (({"chat": 300}, stated["jegham"]["predicted"]), ({"code": 300}, None)):
        found = peer_predictions(runs, POWER, CURVES, output_tokens=known)
        assert found.filter(method="jegham")["predicted"].item() == expected


@pytest.fixture(scope="module")
def judged(corpus, rows, service_tables, fit, read_configured):
    """Our backtest, what others say of the same runs, and the scores, as the workflow computes them."""
    of, power = service_tables, service_tables.node_power
    runs = backtest.with_offline(
        saturated(corpus["measured_energy"], SETTINGS["saturation"]),
        coefficients=of.coefficients,
        models=of.models,
        hardware=of.hardware,
        input_tokens=SETTINGS["input_tokens"],
        errors=borrowing.borrowed_errors(of.forms),
    )
    spec = read_configured("current").attainment
    sources = runs["source"].unique().sort()
    attainment = {source: backtest.attainment_without(source, spec, of.pairs) for source in sources}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backtest, "DRAWS", 2000)
        own = backtest.backtest(
            runs, rows, power, attainment=attainment, unpredictable=SETTINGS["unpredictable"], seed=SEED
        )
    peers = peer_predictions(
        runs,
        power.join(of.hardware.select("gpu", "tdp_w"), on="gpu"),
        energy.fitted_models(fit),
        output_tokens=SETTINGS["output_tokens"],
    )
    return own, peers, scores.scores(own, peers)


def test_schemas(judged):
    _, peers, found = judged
    tables.BACKTEST_PEERS.validate(peers.select(list(tables.BACKTEST_PEERS.columns)))
    tables.SCORES.validate(found.select(list(tables.SCORES.columns)))


def test_ours_beats_every_other_method_on_the_same_runs(judged):
    own, peers, found = judged
    both = (
        peers.with_columns(theirs=pl.col("predicted") / pl.col("measured"))
        .join(own.select(*KEYS, "ratio"), on=KEYS)
        .drop_nulls(["theirs", "ratio"])
    )
    error = (pl.col("theirs").log() ** 2).mean().sqrt().exp(), (pl.col("ratio").log() ** 2).mean().sqrt().exp()
    compared = both.group_by("method", "target").agg(theirs=error[0], ours=error[1], runs=pl.len())
    assert {"ecologits", "epoch", "jegham", "published"} == set(compared["method"])
    for row in compared.iter_rows(named=True):
        assert row["ours"] < row["theirs"], row
    stated = found.filter(grouped_by="all").select("method", "target", "ours_on_the_same_runs")
    both = compared.join(stated, on=["method", "target"])
    assert both["ours"].to_list() == pytest.approx(both["ours_on_the_same_runs"].to_list())
