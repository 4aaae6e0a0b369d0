"""Draws of time, power and energy."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from inference_energy.serving import predict, step
from inference_energy.serving.fit import ServingModel, levels_of
from inference_energy.serving.replicas import Replicas
from serving_replicas import NEUTRAL, USUAL, model, replica, runs, without_errors

DRAWS = 400
SOME = {"gpu": "H", "network": "small", "input_tokens": 1000.0}


def some(**changes):
    """One configuration at three batches, with changes to its columns."""
    frame = runs().filter(*(pl.col(name) == value for name, value in SOME.items())).head(3)
    return frame.with_columns(pl.lit(value).alias(name) for name, value in changes.items())


def energy_of(frame, of=None, seed=1):
    uncertain = predict.drawn(of or model(), frame, DRAWS, seed)
    return predict.energy(Replicas.of(frame), frame["batch"].to_numpy(), uncertain)


def width(frame, of=None):
    return np.log(energy_of(frame, of).j_per_token).std(axis=0)


def known(draws=1, time_effects=step.NO_EFFECTS, power_effect=0.0, values=NEUTRAL):
    """Draws without uncertainty."""
    columns = {name: np.full((draws, 1), value) for name, value in values.items()}
    return predict.Drawn(time=columns, time_effects=time_effects, power=columns, power_effect=power_effect)


def smooth():
    """The model without differences between cells and rows."""
    return ServingModel(time=without_errors(model().time), power=without_errors(model().power))


def test_energy_is_rated_power_times_share_and_time():
    of = replica(gpus=2, tdp_w=[500, 700])
    found = predict.energy(of, np.array([8.0, 8.0]), known(values=USUAL))
    time = step.time_per_token(of, np.array([8.0, 8.0]), USUAL)
    share = step.board_share(step.boards(of, USUAL), time, time.seconds)
    assert found.seconds == pytest.approx(time.seconds[None])
    assert found.board_share == pytest.approx(share[None])
    assert found.j_per_token == pytest.approx((2 * np.array([500, 700]) * share * time.seconds)[None])


def test_a_row_per_draw_and_a_column_per_run():
    found = energy_of(some())
    assert found.seconds.shape == found.board_share.shape == found.j_per_token.shape == (DRAWS, 3)
    uncertain = predict.drawn(model(), some(), DRAWS, 1)
    assert {values.shape for values in uncertain.time.values()} == {(DRAWS, 1)}
    assert uncertain.time_effects["overhead"].shape == uncertain.power_effect.shape == (DRAWS, 3)


def test_seed_and_names_decide_the_draws():
    draws = [predict.drawn(model(), some(), 8, *of) for of in [(1,), (1,), (2,), (1, "other")]]
    (one, same, seed, name) = (each.time_effects["time"] for each in draws)
    assert (one == same).all()
    assert not np.isclose(one, seed).any()
    assert not np.isclose(one, name).any()
    assert (draws[0].power_effect == draws[1].power_effect).all()


def test_draws_have_the_mean_and_the_deviation_of_the_fit():
    fit = model().time.fit
    values = predict.drawn(model(), some(), 4000, 1).time
    for place, name in enumerate(values):
        sd = np.sqrt(fit.covariance[place, place])
        assert values[name].mean() == pytest.approx(fit.values[place], abs=5 * sd / np.sqrt(4000))
        assert values[name].std() == pytest.approx(sd, rel=0.1)


def test_draws_are_correlated_as_in_the_fit():
    fit, values = model().time.fit, list(predict.drawn(model(), some(), 4000, 1).time.values())
    sd = np.sqrt(np.diag(fit.covariance))
    correlation = (fit.covariance / np.outer(sd, sd))[: len(values), : len(values)]
    one, other = np.unravel_index(np.abs(np.tril(correlation, -1)).argmax(), correlation.shape)
    found = np.corrcoef(values[one][:, 0], values[other][:, 0])[0, 1]
    assert abs(correlation[one, other]) > 0.2
    assert found == pytest.approx(correlation[one, other], abs=0.06)


def test_nothing_is_faster_than_bandwidth_and_peak():
    of, batch = replica(), np.array([1.0])
    fast = known(time_effects=step.NO_EFFECTS | {"time": -3.0})
    found = predict.energy(of, batch, fast)
    time = step.time_per_token(of, batch, NEUTRAL)
    floor = step.floor_seconds(of, time.bytes_per_token, time.flop_per_token)
    assert found.seconds == pytest.approx(floor[None])
    slow = known(time_effects=step.NO_EFFECTS | {"time": 3.0})
    assert predict.energy(of, batch, slow).seconds == pytest.approx(np.exp(3) * time.seconds[None])


def test_no_draw_of_an_unknown_gpu_is_faster_than_physics():
    frame = some(gpu="new", network="new", campaign="new", input_tokens=10.0).with_columns(batch=1.0)
    wide = replace(model().time, fit=replace(model().time.fit, row_sd=1.0))
    found = energy_of(frame, replace(model(), time=wide))
    time = step.time_per_token(Replicas.of(frame), frame["batch"].to_numpy(), USUAL)
    floor = step.floor_seconds(Replicas.of(frame), time.bytes_per_token, time.flop_per_token)
    assert (found.seconds >= floor * (1 - 1e-12)).all()
    assert 0.01 < (found.seconds == floor).mean() < 0.9


def test_boards_do_not_exceed_their_rating_by_more_than_a_measuring_error():
    assert predict.LARGEST_BOARD_SHARE == 1.05
    found = predict.energy(replica(), np.array([1.0]), known(power_effect=2.0))
    assert found.board_share == 1.05
    assert found.j_per_token == pytest.approx(500 * 1.05 * found.seconds)
    fit = replace(model().power.fit, row_sd=1.0)
    shares = energy_of(some(), replace(model(), power=replace(model().power, fit=fit))).board_share
    assert shares.max() == 1.05
    assert shares.min() < 0.3


@pytest.mark.parametrize("column", ["gpu", "network", "campaign", "generation"])
def test_an_unseen_level_widens_the_interval(column):
    assert (width(some(**{column: "new"}), smooth()) > 1.05 * width(some(), smooth())).all()


def test_everything_unseen_is_wider_still():
    new = dict.fromkeys(["gpu", "network", "campaign", "generation", "engine"], "new")
    assert (width(some(**new)) > width(some(network="new"))).all()


def test_an_unseen_level_has_the_deviation_between_levels():
    part, name = smooth().time, "time_campaign"
    only = replace(part, effects=[effect for effect in part.effects if effect.name == name])
    only = replace(only, fit=replace(part.fit, deviations=part.fit.deviations))
    frame = some(campaign="new")
    _, sums = predict._part(only, levels_of(frame, only.effects), len(frame), 4000, (1,), None)
    assert sums["time"].std() == pytest.approx(part.fit.deviations[name], rel=0.05)
    assert (sums["time"] == sums["time"][:, :1]).all()


def test_runs_of_one_level_share_its_draw_and_others_do_not():
    frame = pl.concat([some(network="new").head(2), some(network="newer").head(1)])
    found = predict.drawn(smooth(), frame, DRAWS, 1).time_effects["roofline"]
    assert (found[:, 0] == found[:, 1]).all()
    assert not np.isclose(found[:, 0], found[:, 2]).any()
    between = np.corrcoef(found[:, 0], found[:, 2])[0, 1]
    assert between < 0.6


def test_errors_of_cells_and_rows_are_of_the_fit():
    part = model().time
    plain, smoothed = (predict.drawn(of, some(), 4000, 1).time_effects["time"] for of in (model(), smooth()))
    error = plain - smoothed
    assert error.std() == pytest.approx(np.hypot(part.fit.cell_sd, part.fit.row_sd), rel=0.05)
    assert np.corrcoef(error.T)[0, 1] == pytest.approx(0, abs=0.06)


def test_order_of_runs_does_not_change_an_unseen_level():
    frame = pl.concat([some(network="b"), some(network="a")])
    found, reverse = (predict.drawn(smooth(), of, 50, 1).time_effects["roofline"] for of in (frame, frame[::-1]))
    assert found == pytest.approx(reverse[:, ::-1])


def test_shares_of_the_time_are_those_of_the_step():
    of = replica(kv_full=65536, gpus=2)
    found, time = (
        predict.energy(of, np.array([8.0]), known(values=USUAL)),
        step.time_per_token(of, np.array([8.0]), USUAL),
    )
    assert found.prefill_share == pytest.approx(time.prompt_share[None])
    assert found.attention_share == pytest.approx(time.growing_share[None])


# Draws of runs that have a name.


def named(*names, draws=20, of=None):
    frame = pl.concat([some(network=name).head(1) for name in names])
    return predict.drawn(of or smooth(), frame, draws, 1, "s", keys=list(names))


def parts(drawn, column):
    return [
        *(values[:, column] for values in drawn.time_effects.values() if np.ndim(values)),
        drawn.power_effect[:, column],
    ]


def test_a_named_run_draws_the_same_whatever_other_runs_there_are():
    alone, first, last = named("b"), named("b", "a"), named("a", "c", "b")
    for one, other, third in zip(parts(alone, 0), parts(first, 0), parts(last, 2), strict=True):
        assert (one == other).all() and (one == third).all()
    for name, values in alone.time.items():
        assert (values == last.time[name]).all()


def test_named_runs_have_errors_of_their_own():
    frame = pl.concat([some().head(1)] * 2)
    found = predict.drawn(model(), frame, 4000, 1, "s", keys=["one", "two"])
    smoothed = predict.drawn(smooth(), frame, 4000, 1, "s", keys=["one", "two"])
    errors = found.time_effects["time"] - smoothed.time_effects["time"]
    assert errors.std(axis=0) == pytest.approx(
        np.full(2, np.hypot(model().time.fit.cell_sd, model().time.fit.row_sd)), rel=0.05
    )
    assert abs(np.corrcoef(errors.T)[0, 1]) < 0.06
    assert named("a").power_effect.std() > 0


def test_unseen_levels_of_named_runs_have_the_deviation_of_the_fit():
    found = named("new", draws=4000)
    seen = named("small", draws=4000)
    assert found.time_effects["roofline"].std() > seen.time_effects["roofline"].std()
    other = named("newer", draws=4000)
    between = np.corrcoef(found.time_effects["roofline"][:, 0], other.time_effects["roofline"][:, 0])[0, 1]
    assert between < 0.6
