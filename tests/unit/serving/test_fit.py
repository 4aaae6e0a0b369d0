"""The serving model fitted to synthetic runs, and stored as tables."""

import itertools

import numpy as np
import polars as pl
import pytest
import serving_replicas
from inference_energy.serving import predict
from inference_energy.serving.fit import (
    LARGEST_SHARE,
    LEAST_SHARE,
    ServingModel,
    fit_model,
    level_names,
    levels_of,
    metered,
)
from inference_energy.serving.parameters import POWER, POWER_EFFECTS, TIME, TIME_EFFECTS
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.stored import from_tables, tables
from inference_energy.serving.tables import SERVING_COVARIANCE, SERVING_EFFECTS, SERVING_ERRORS, SERVING_PARAMETERS
from inference_energy.tables import writing
from serving_replicas import CELL_SD, HOTTER_BY, ROW_SD, SLOW, SLOWER_BY, certain, model, runs

SCHEMAS = {
    **{"parameters": SERVING_PARAMETERS, "effects": SERVING_EFFECTS},
    **{"covariance": SERVING_COVARIANCE, "errors": SERVING_ERRORS},
}
PARTS = ("time", "power")


def effects_of(part, name):
    """Fitted levels of one effect."""
    return dict(zip(part.levels[name], part.fit.values[part.slices()[name]], strict=True))


def energy(of, frame, draws=1):
    return predict.energy(Replicas.of(frame), frame["batch"].to_numpy(), predict.drawn(of, frame, draws, 1))


def middles(of, frame):
    """Time and share of the rated power of runs by the fitted values alone."""
    found = energy(ServingModel(time=certain(of.time), power=certain(of.power)), frame)
    return found.seconds[0], found.board_share[0]


def test_runs_are_predicted_within_their_errors():
    seconds, share = middles(model(), runs())
    off = np.log(seconds / runs()["seconds_per_token"].to_numpy())
    assert np.sqrt(np.mean(off**2)) < np.hypot(CELL_SD, ROW_SD)
    assert abs(off.mean()) < 0.01
    assert np.sqrt(np.mean(np.log(share / runs()["board_share"].to_numpy()) ** 2)) < 0.1


def test_intervals_hold_the_runs_that_they_say():
    found = energy(model(), runs(), 1000).seconds
    low, high = np.quantile(found, [0.05, 0.95], axis=0)
    assert 0.85 < np.mean(runs()["seconds_per_token"].is_between(low, high).to_numpy()) < 1
    assert np.log(high / low).mean() < 0.5  # four times the error of a run


def test_errors_between_and_within_configurations():
    fit = model().time.fit
    assert fit.converged and model().power.fit.converged
    assert 0.5 * CELL_SD < fit.cell_sd < 1.3 * CELL_SD
    assert fit.row_sd == pytest.approx(ROW_SD, rel=0.2)
    assert model().power.fit.row_sd == pytest.approx(ROW_SD, rel=0.2)


def test_a_slow_network_is_found():
    for name in ("overhead_network", "roofline_network"):
        found = effects_of(model().time, name)
        others = [value for network, value in found.items() if network != SLOW]
        assert found[SLOW] - np.mean(others) == pytest.approx(SLOWER_BY, abs=0.15)


def test_a_network_that_draws_more_power_is_found():
    found = effects_of(model().power, "power_network")
    assert found.pop(SLOW) - np.mean(list(found.values())) == pytest.approx(HOTTER_BY, abs=0.05)


def test_parameters_stay_near_what_made_the_runs():
    part = model().time
    off = part.fit.values[: len(TIME)] - [parameter.prior for parameter in TIME]
    assert np.abs(off / [parameter.prior_sd for parameter in TIME]).max() < 0.6


def test_levels_are_named_by_their_columns():
    frame = pl.DataFrame({"engine": ["vLLM", None], "vendor": ["NVIDIA", "AMD"]})
    assert level_names(frame, TIME_EFFECTS[0]) == ["vLLM / NVIDIA", " / AMD"]


def test_levels_of_several_effects_are_those_of_each():
    frame, every = runs(), [*TIME_EFFECTS, *POWER_EFFECTS]
    assert levels_of(frame, every) == {effect.name: level_names(frame, effect) for effect in every}


def test_levels_are_in_order_and_places_follow_the_parameters():
    part = model().time
    assert part.levels["roofline_gpu"] == ["B", "H", "I"]
    places = [slice(0, len(TIME)), *part.slices().values()]
    assert all(one.stop == other.start for one, other in itertools.pairwise(places))
    assert places[-1].stop == len(part.fit.values)


def test_only_boards_that_were_metered_and_shares_that_can_be_count_for_power():
    shares = [None, LEAST_SHARE / 2, LEAST_SHARE, 0.5, LARGEST_SHARE, 1.3]
    assert metered(pl.DataFrame({"board_share": shares}))["board_share"].to_list() == [LEAST_SHARE, 0.5, LARGEST_SHARE]


def test_unmetered_runs_change_the_time_and_not_the_power_given_it():
    rows = runs().with_row_index()
    unmetered = rows.with_columns(board_share=pl.when(pl.col("index") % 2 == 0).then("board_share"))
    some = fit_model(unmetered)
    assert some.time.fit.values == pytest.approx(model().time.fit.values)
    expected = fit_model(
        rows.with_columns(board_share=pl.when(pl.col("index") % 2 == 0).then("board_share").otherwise(9))
    )
    assert some.power.fit.values == pytest.approx(expected.power.fit.values)
    assert tables(some, unmetered)["errors"]["rows"].to_list() == [len(rows), len(rows) // 2]


def test_levels_that_are_known_but_not_fitted_have_their_prior():
    rows = runs().filter(pl.col("gpu") != "B")
    part = fit_model(rows, known=runs()).time
    assert part.levels["roofline_gpu"] == ["B", "H", "I"]
    assert effects_of(part, "roofline_gpu")["B"] == pytest.approx(0, abs=1e-9)
    place = part.slices()["roofline_gpu"].start
    assert np.sqrt(part.fit.covariance[place, place]) == pytest.approx(part.fit.deviations["roofline_gpu"], rel=0.02)


def test_a_start_from_the_fit_stays_there():
    again = fit_model(runs(), start=model())
    frame = runs()
    for one, other in zip(middles(again, frame), middles(model(), frame), strict=True):
        assert one == pytest.approx(other, rel=5e-3)


def test_order_of_rows_does_not_matter():
    shuffled = fit_model(runs().sample(fraction=1, shuffle=True, seed=1))
    assert shuffled.time.levels == model().time.levels
    assert shuffled.time.fit.values == pytest.approx(model().time.fit.values, abs=1e-6)


def test_held_deviations_stay_as_they_were():
    for part, effects in ((model().time, TIME_EFFECTS), (model().power, POWER_EFFECTS)):
        found = part.fit.deviations
        assert all(found[effect.name] == effect.sd for effect in effects if effect.held)
        assert all(found[effect.name] >= effect.floor for effect in effects)
        assert any(found[effect.name] != effect.sd for effect in effects if not effect.held)


@pytest.fixture(scope="module")
def stored():
    return tables(model(), runs())


@pytest.mark.parametrize("name", SCHEMAS)
def test_tables_are_as_their_schemas_say(stored, name, tmp_path):
    path = tmp_path / f"{name}.parquet"
    writing.write(stored[name], str(path), SCHEMAS[name])
    assert pl.read_parquet(path).height == stored[name].height


def test_tables_say_what_was_fitted(stored):
    parameters = stored["parameters"].rows_by_key(["part", "parameter"], named=True, unique=True)
    bandwidth = parameters["time", "bandwidth"]
    place = [parameter.name for parameter in TIME].index("bandwidth")
    fit = model().time.fit
    assert (bandwidth["fitted"], bandwidth["value"]) == (fit.values[place], np.exp(fit.values[place]))
    assert bandwidth["fitted_sd"] == np.sqrt(fit.covariance[place, place])
    plain = parameters["time", "experts_memory"]
    assert plain["value"] == plain["fitted"]
    assert len(parameters) == len(TIME) + len(POWER)
    slow = stored["effects"].filter(effect="roofline_network", level=SLOW).row(0, named=True)
    assert (slow["term"], slow["rows"]) == ("roofline", runs().filter(network=SLOW).height)
    assert slow["fitted"] == effects_of(model().time, "roofline_network")[SLOW]
    assert stored["errors"]["cells"].to_list() == [runs()["cell"].n_unique()] * 2


def test_round_trip_is_exact(stored):
    found = from_tables(**stored)
    for name in PARTS:
        before, after = getattr(model(), name), getattr(found, name)
        assert (after.parameters, after.effects, after.levels) == (before.parameters, before.effects, before.levels)
        assert (after.fit.values == before.fit.values).all()
        assert (np.tril(after.fit.covariance) == np.tril(before.fit.covariance)).all()
        assert (after.fit.covariance == after.fit.covariance.T).all()
        assert after.fit.deviations == before.fit.deviations
        assert (after.fit.cell_sd, after.fit.row_sd) == (before.fit.cell_sd, before.fit.row_sd)
        assert after.slices() == before.slices()


def test_draws_are_those_of_the_fit_that_was_stored(stored):
    before, after = (predict.drawn(of, runs(), 20, 1) for of in (model(), from_tables(**stored)))
    assert (before.power_effect == after.power_effect).all()
    assert all((before.time[name] == after.time[name]).all() for name in before.time)
    assert all(
        (before.time_effects[name] == after.time_effects[name]).all() for name in ("overhead", "roofline", "time")
    )


def test_rounded_files_give_the_same_predictions(stored, tmp_path):
    paths = {name: str(tmp_path / f"{name}.parquet") for name in stored}
    writing.write_all(paths, **{name: (frame, SCHEMAS[name]) for name, frame in stored.items()})
    found = from_tables(**{name: pl.read_parquet(path) for name, path in paths.items()})
    for one, other in zip(middles(found, runs()), middles(model(), runs()), strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_synthetic_runs_have_every_column_that_levels_are_named_by():
    columns = set(serving_replicas.grid().columns)
    assert {name for effect in (*TIME_EFFECTS, *POWER_EFFECTS) for name in effect.by} <= columns
