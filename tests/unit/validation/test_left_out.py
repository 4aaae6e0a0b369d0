"""Predictions of runs that a fit did not learn from, by a small fit to made-up runs."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from inference_energy.energy.service import OF_ANY_SERVICE
from inference_energy.serving import operating_point
from inference_energy.serving.fit import ServingModel
from inference_energy.serving.predict import drawn, energy
from inference_energy.serving.replicas import Replicas
from inference_energy.validation import left_out, scoreboard
from inference_energy.validation.left_out import Setting, at_wall, host_power_w, offline, predictions, time_at_batch
from made_up_runs import B200, H100, LARGE, SMALL, SPARSE, learnt, model

HOST_W = 150.0
OF = Setting(draws=60, seed=1, replica_gpus=[1, 2, 4, 8], host_w=dict.fromkeys((H100, B200), (HOST_W, HOST_W)))
NO_RUNS = pl.DataFrame(schema={"source": pl.String, "row_id": pl.String})


def certain():
    """The fit without any uncertainty: every draw is the same."""

    def exact(part):
        fit = part.fit
        zero = dict.fromkeys(fit.deviations, 0.0)
        none = replace(fit, covariance=0 * fit.covariance, cell_sd=0.0, row_sd=0.0, deviations=zero)
        return replace(part, fit=none)

    return ServingModel(time=exact(model().time), power=exact(model().power))


def wall_runs(**changes):
    """Runs whose nodes were metered."""
    chosen = learnt().filter(pl.col("batch") == 32, pl.col("source") == "mine")
    metered = chosen.with_columns(boundary=pl.lit("node_wall"), board_share=pl.lit(None, pl.Float64))
    return metered.with_columns(
        pl.lit(changes.get(name), pl.Float64).alias(name) for name in ("power_cap_w_per_gpu", "time_per_token_limit_ms")
    )


def test_the_power_of_hosts_is_that_of_other_gpus():
    nodes = pl.DataFrame(
        {
            **{"gpu": ["a", "b", "c", "d"], "basis": ["measured", "measured", "measured", "rated"]},
            "host_saturated_kw_per_gpu_p05": [0.1, 0.2, 0.3, 0.01],
            "host_saturated_kw_per_gpu_p95": [0.4, 0.5, 0.9, 9.0],
        }
    )
    expected = {"a": (200, 900), "b": (100, 900), "c": (100, 500), "new": (100, 900)}
    found = host_power_w(nodes, list(expected))
    assert list(found) == list(expected)
    assert list(found.values()) == [pytest.approx(ends) for ends in expected.values()]


# Energy at the wall.


def boards_at(runs, batch):
    of = Replicas.of(runs)
    found = energy(of, batch, drawn(certain(), runs, OF.draws, OF.seed, "wall"))
    return of, found.board_share * of.tdp_w, found.seconds


def test_the_wall_is_boards_and_hosts_at_the_batch_that_memory_holds():
    runs = wall_runs()
    of = Replicas.of(runs)
    of, boards_w, seconds = boards_at(runs, of.largest_batch())
    assert at_wall(certain(), runs, OF) == pytest.approx(of.gpus * (boards_w + HOST_W) * seconds, rel=1e-6)


def test_a_cap_lowers_the_power_and_costs_at_most_its_share_of_throughput():
    cap = 100.0
    runs = wall_runs(power_cap_w_per_gpu=cap)
    of, boards_w, seconds = boards_at(runs, Replicas.of(runs).largest_batch())
    assert (boards_w > cap).all()
    found, least = at_wall(certain(), runs, OF), of.gpus * (cap + HOST_W) * seconds
    assert (found >= least * (1 - 1e-6)).all()
    assert (found <= least * boards_w / cap * (1 + 1e-6)).all()
    assert np.std(found / least, axis=0).min() > 0  # how much a cap costs is not known


def test_a_cap_above_the_power_of_the_boards_changes_nothing():
    capped, free = (at_wall(certain(), wall_runs(power_cap_w_per_gpu=cap), OF) for cap in (5000.0, None))
    assert capped == pytest.approx(free)


def test_a_limit_of_latency_lowers_the_batch():
    limited, free = (at_wall(certain(), wall_runs(time_per_token_limit_ms=limit), OF) for limit in (20.0, None))
    assert (limited >= free * (1 - 1e-6)).all()
    assert (limited > 1.2 * free).any()


def test_hosts_vary_in_their_range():
    wide = replace(OF, draws=4000, host_w=dict.fromkeys((H100, B200), (100.0, 400.0)))
    runs = wall_runs()
    of = Replicas.of(runs)
    found = energy(of, of.largest_batch(), drawn(certain(), runs, wide.draws, wide.seed, "wall"))
    host = at_wall(certain(), runs, wide) / found.seconds / of.gpus - found.board_share * of.tdp_w
    assert np.quantile(host, [0.05, 0.5, 0.95]) == pytest.approx([100, 200, 400], rel=0.1)


# All predictions of some runs.


def test_predictions_of_metered_runs():
    found = predictions(model(), learnt(), learnt(), OF)
    counts = dict(found.group_by("score").len().rows())
    assert counts["energy_at_batch"] == counts["energy_at_speed"] == 60
    assert counts["energy_of_service"] == operating_point.services(learnt()).height
    assert "energy_at_wall" not in counts
    (at_batch,) = (
        scoreboard.scores(found.filter(score="energy_at_batch").with_columns(left_out=pl.lit("none")), NO_RUNS)
        .filter(group="all")
        .iter_rows(named=True)
    )
    assert at_batch["factor"] < 1.2  # the fit knows these runs
    assert at_batch["coverage_90"] > 0.85
    assert (found["predicted_p05"] <= found["predicted_p50"]).all()


def test_services_are_named_by_their_speed_and_not_by_their_engine():
    found = predictions(model(), learnt(), learnt(), OF).filter(score="energy_of_service")
    assert found["row_id"].str.contains(r"^\d+ at (20|35|50|75|100) tok/s$").all()
    assert set(found["engine"]) == {OF_ANY_SERVICE}


def test_nothing_metered_is_no_prediction():
    bare = learnt().with_columns(board_share=pl.lit(None, pl.Float64), boundary=pl.lit(None, pl.String))
    found = predictions(model(), bare, learnt(), OF)
    assert found.is_empty()
    assert found.schema == predictions(model(), learnt(), learnt(), OF).schema


def test_time_of_every_run_with_a_batch_metered_or_not():
    some = learnt().with_columns(
        board_share=pl.when(pl.col("batch") == 8).then(None).otherwise("board_share"),
        batch=pl.when(pl.col("batch") == 1).then(None).otherwise("batch"),
    )
    found = time_at_batch(model(), some, OF)
    assert len(found) == 48
    assert found["measured"].to_list() == some.drop_nulls("batch")["seconds_per_token"].to_list()
    assert (found["predicted_p50"] / found["measured"]).log().abs().max() < 0.5
    assert time_at_batch(model(), some.clear(), OF).is_empty()


def test_offline_time_is_of_offline_runs():
    mixed = learnt().with_columns(load=pl.when(pl.col("network") == SMALL).then(pl.lit("offline")).otherwise("load"))
    found = offline(model(), mixed, OF)
    assert set(found["network"]) == {SMALL}
    assert set(found["score"]) == {"offline_time"}


def test_what_is_left_out_is_predicted_from_the_rest():
    # Everything that was measured of the large model is ten times as much: a fit without it does not know.
    odd = learnt().with_columns(
        pl.col("seconds_per_token", "energy_j_per_output_token")
        * pl.when(pl.col("network") == LARGE).then(10.0).otherwise(1.0)
    )
    for runs, expected in ((learnt(), 1), (odd, 10)):
        found = left_out.left_out("model", runs, runs, model(), {LARGE: "network"}, OF).filter(score="energy_at_batch")
        assert (
            set(found["network"]) == {LARGE} and set(found["value"]) == {LARGE} and set(found["left_out"]) == {"model"}
        )
        ratio = (found["measured"] / found["predicted_p50"]).median()
        assert ratio == pytest.approx(expected, rel=0.5)


def test_every_value_is_left_out_in_turn():
    found = left_out.left_out(
        "version",
        learnt().with_columns(load=pl.lit("offline")),
        learnt(),
        model(),
        dict.fromkeys((SMALL, SPARSE), "network"),
        OF,
    )
    assert found["value"].to_list() == [SMALL] * 20 + [SPARSE] * 20
    assert found["value"].to_list() == found["network"].to_list()
