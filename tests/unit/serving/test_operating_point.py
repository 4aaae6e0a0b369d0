"""Operating points: the batch that gives a speed, services and their prior, and draws weighted by it."""

from dataclasses import fields, replace

import made_up_runs
import numpy as np
import polars as pl
import pytest
from inference_energy.serving import operating_point, step
from inference_energy.serving.operating_point import BatchPrior, Candidate, Point
from inference_energy.serving.predict import Energy, Working, drawn, drawn_boards, drawn_step, energy
from inference_energy.serving.replicas import Replicas
from made_up_runs import B200, H100, LARGE, SMALL, learnt, model

DRAWS = 50
PRIOR = BatchPrior(intercept=np.log(64), slope=0.0, sd=1.0)


def candidates(of, values, sizes=None):
    return operating_point.candidates(of, Working.of(of, values), sizes)


def uncertain(runs):
    return drawn(model(), runs, DRAWS, 1, "test")


def few():
    """Four runs that differ in model and GPU, and what they are as replicas."""
    runs = learnt().filter(pl.col("batch") == 32, pl.col("network").is_in([SMALL, LARGE]), pl.col("source") == "mine")
    return runs, Replicas.of(runs), uncertain(runs)


def speed_at(of, batch, drawn_values):
    time = step.time_per_token(of, batch, drawn_values.time, drawn_values.time_effects)
    floor = step.floor_seconds(of, time.bytes_per_token, time.flop_per_token)
    return step.speed_tok_per_s(batch, np.maximum(time.seconds, floor))


def services_of(*runs):
    """Measured runs of one service, unless a change says otherwise: batch, time per token and energy."""
    usual = {
        **{"campaign": "c", "network": "n", "gpu": "g", "precision": "FP8", "prompts": None, "input_tokens": 1.0},
        **{"speculative": 0.0, "board_share": 0.5},
    }
    rows = [
        usual
        | {"row_id": str(place), "batch": batch, "energy_j_per_output_token": joules}
        | {"seconds_per_token": 1 / (step.DECODING_SHARE * batch * speed)}
        | change
        for place, (batch, speed, joules, change) in enumerate(runs)
    ]
    return pl.DataFrame(rows, schema_overrides={"prompts": pl.String, "board_share": pl.Float64})


@pytest.mark.parametrize("batch", [1.0, 10.0, 64.0])
def test_the_batch_at_a_speed_gives_back_that_speed(batch):
    _, of, values = few()
    speeds = speed_at(of, np.full(len(of.gpus), batch), values)
    for draw in range(0, DRAWS, 10):
        found, reached = operating_point.batch_at_speed(drawn_step(of, values), speeds[draw])
        assert reached[draw].all()
        assert found[draw] == pytest.approx(batch, rel=1e-6)
        assert (speed_at(of, found, values)[draw] >= speeds[draw] * (1 - 1e-12)).all()


EXPERTS = {"experts": 128.0, "experts_per_token": 8.0, "with_experts": 1.0}


def bisected(of, values, speed):
    """The same by bisection, and whether a batch of one is fast enough."""
    low, high = (np.broadcast_to(each, (DRAWS, len(of.gpus))) for each in (1.0, np.maximum(of.largest_batch(), 1.0)))
    reached, all_of_it = (speed_at(of, batch, values) >= speed * (1 - 1e-9) for batch in (low, high))
    found = high
    for _ in range(60):
        middle = (low + high) / 2
        fast = speed_at(of, middle, values) >= speed
        low, high = np.where(fast, middle, low), np.where(fast, high, middle)
    return np.where(all_of_it, found, low), reached


# By how much, on a log scale, the model is faster than it expects: so much that bandwidth and peak are the limit.
@pytest.mark.parametrize("faster", [0.0, 3.0, 6.0])
@pytest.mark.parametrize("speed", [15.0, 40.0, 90.0])
def test_the_batch_at_a_speed_is_that_of_bisection(speed, faster):
    runs, dense, values = few()
    values = replace(values, time_effects=values.time_effects | {"time": values.time_effects["time"] - faster})
    sparse = Replicas.of(runs.with_columns(**{name: pl.lit(of) for name, of in EXPERTS.items()}))
    small = replace(sparse, expert_bytes=dense.shared_bytes / 100)
    prompts = replace(dense, input_tokens=np.full(len(dense.gpus), 1e5))
    between = 0
    for each in (dense, small, replace(small, shared_bytes=dense.shared_bytes / 10), prompts):
        for size in (1.0, 8.0):
            of = replace(each, gpus=np.full(len(each.gpus), size))
            found, reached = operating_point.batch_at_speed(drawn_step(of, values), speed)
            expected, fast = bisected(of, values, speed)
            assert (reached == fast).all()
            assert found[reached] == pytest.approx(expected[reached], rel=1e-5)
            between += ((found > 1) & (found < of.largest_batch())).sum()
    assert between > 100


def test_a_higher_speed_needs_a_smaller_batch():
    _, of, values = few()
    batches = [operating_point.batch_at_speed(drawn_step(of, values), speed)[0] for speed in (10, 30, 100)]
    assert (batches[0] >= batches[1]).all() and (batches[1] >= batches[2]).all()
    assert (batches[0] > batches[2]).any()


def test_a_speed_out_of_reach_is_said():
    _, of, values = few()
    batch, reached = operating_point.batch_at_speed(drawn_step(of, values), 1e6)
    assert not reached.any()
    assert batch == pytest.approx(np.ones(batch.shape))
    point = operating_point.at_speed(candidates(of, values), 1e6, PRIOR)
    assert (point.reached == 0).all()
    assert np.isfinite(point.resampled().energy.j_per_token).all()
    assert (point.resampled().reached == 0).all()


def test_any_batch_is_fast_enough_for_a_slow_user():
    _, of, values = few()
    batch, reached = operating_point.batch_at_speed(drawn_step(of, values), 1e-6)
    assert reached.all()
    assert batch == pytest.approx(np.broadcast_to(of.largest_batch(), batch.shape))


def test_the_replica_of_least_energy_is_chosen():
    _, of, values = few()
    free = operating_point.at_speed(candidates(of, values, [1, 2, 4, 8]), 30.0, PRIOR)
    for size in (1, 2, 4, 8):
        fixed = operating_point.at_speed(candidates(of, values, [size]), 30.0, PRIOR)
        with_size = fixed.weight > 0
        assert (free.energy.j_per_token[with_size] <= fixed.energy.j_per_token[with_size]).all()
    assert set(np.unique(free.gpus[free.weight > 0])) <= {1.0, 2.0, 4.0, 8.0}


def test_a_replica_that_does_not_hold_the_model_is_not_chosen():
    runs = learnt().filter(pl.col("batch") == 1, pl.col("network") == LARGE, pl.col("gpu") == H100)
    narrow = runs.with_columns(pl.col("shared_bytes") * 2)  # 140 GB on GPUs of 80 GB
    point = operating_point.at_speed(candidates(Replicas.of(narrow), uncertain(narrow), [1, 4]), 5.0, PRIOR)
    assert set(np.unique(point.gpus[point.weight > 0])) == {4.0}
    alone = operating_point.at_speed(candidates(Replicas.of(narrow), uncertain(narrow), [1]), 5.0, PRIOR)
    assert (alone.reached == 0).all()


@pytest.mark.parametrize(("saved", "gpus"), [(-1e-12, 1.0), (1e-12, 1.0), (-1e-6, 1.0), (1e-6, 2.0)])
def test_of_replicas_that_need_the_same_energy_the_first_is_chosen(saved, gpus):
    """What is saved by less than what rounding may do decides nothing."""
    _, of, _ = few()
    sizes = replace(of.columns(np.array([0, 0])), gpus=np.array([1.0, 2.0]))
    needed = np.array([[1.0, 1 - saved]])
    energies = Energy(**{field.name: needed for field in fields(Energy)})
    both = Point(batch=needed, gpus=sizes.gpus, energy=energies, weight=np.ones((1, 2)))
    found = operating_point._least([both], [Candidate(places=np.array([0, 0]), of=sizes, taken=None, boards=None)])
    assert found.gpus.tolist() == [[gpus]]
    assert found.energy.j_per_token == needed[:, int(gpus) - 1]


# Draws by their weights.


def point(values, weight):
    """A point with one run: the values are its batch and all parts of its energy."""
    column = np.array(values, dtype=float)[:, None]
    of = Energy(**{field.name: column for field in fields(Energy)})
    return Point(batch=column, gpus=np.array([4.0]), energy=of, weight=np.array(weight, dtype=float)[:, None])


def test_draws_are_repeated_in_proportion_to_their_weights():
    found = point([1, 2, 3, 4], [3, 0, 1, 0]).resampled()
    assert found.batch[:, 0].tolist() == [1, 1, 1, 3]
    assert found.energy.j_per_token[:, 0].tolist() == [1, 1, 1, 3]
    assert found.gpus[:, 0].tolist() == [4, 4, 4, 4]
    assert found.weight[:, 0].tolist() == [1, 1, 1, 1]


def test_equal_weights_change_nothing():
    assert point([1, 2, 3, 4], [0.2] * 4).resampled().batch[:, 0].tolist() == [1, 2, 3, 4]


def test_draws_without_any_weight_are_kept_and_count_as_not_reached():
    found = point([1, 2, 3, 4], [0] * 4)
    assert found.reached.tolist() == [0]
    assert found.resampled().batch[:, 0].tolist() == [1, 2, 3, 4]
    assert found.resampled().reached.tolist() == [0]
    assert point([1, 2, 3, 4], [3, 0, 1, 0]).reached.tolist() == [0.5]


# Services.


def test_the_least_energy_of_a_service_at_every_speed_that_a_run_reaches():
    runs = services_of((1, 120, 9.0, {}), (8, 60, 4.0, {}), (64, 22, 1.0, {}))
    found = operating_point.services(runs).sort("speed_tok_per_s")
    assert found["speed_tok_per_s"].to_list() == [20, 35, 50, 75, 100]
    assert found["energy_j_per_output_token"].to_list() == [1, 4, 4, 9, 9]
    assert found["row_id"].to_list() == ["2", "1", "1", "0", "0"]


def test_one_run_is_no_choice_and_runs_that_were_not_metered_are_none():
    assert operating_point.services(services_of((8, 60, 4.0, {}))).is_empty()
    runs = services_of((8, 60, 4.0, {}), (64, 30, 1.0, {"board_share": None}))
    assert "1" not in operating_point.services(runs)["row_id"].to_list()


@pytest.mark.parametrize("column", operating_point.SERVICE)
def test_runs_of_different_services_are_no_alternatives(column):
    other = 2.0 if column in ("input_tokens", "speculative") else "other"
    runs = services_of((8, 60, 4.0, {}), (64, 60, 1.0, {column: other}))
    assert operating_point.services(runs).is_empty()


def test_the_prior_is_the_line_through_the_services():
    # At every speed the best batch is 3,200 over it, but for the second service, where it is half of that.
    speeds = operating_point.SPEEDS_TOK_PER_S
    runs = [
        (3200 / speed / size, speed * 1.001, speed, {"gpu": gpu})
        for gpu, size in (("g", 1), ("h", 2))
        for speed in speeds
    ]
    prior = operating_point.batch_prior(services_of(*runs))
    assert prior.slope == pytest.approx(-1)
    assert prior.intercept == pytest.approx(np.log(3200) - np.log(2) / 2)
    # Ten logarithms, each half of ln 2 from the line, and eight degrees of freedom.
    assert prior.sd == pytest.approx(np.log(2) / 2 * np.sqrt(10 / 8))


def test_the_density_of_a_batch_by_hand():
    prior = BatchPrior(intercept=np.log(3200), slope=-1.0, sd=0.5)
    assert prior.density(np.array([64.0]), 50.0) == pytest.approx([1])
    assert prior.density(np.array([64 * np.exp(0.5), 64 * np.exp(-1)]), 50.0) == pytest.approx(np.exp([-0.5, -2]))


def test_the_made_up_runs_are_as_these_tests_need_them():
    assert set(learnt()["gpu"]) == {H100, B200}
    assert made_up_runs.learnt()["board_share"].null_count() == 0


# A given batch, and smaller ones.


def test_a_batch_is_kept_or_cut_to_what_memory_holds():
    _, of, values = few()
    kept = operating_point.at_batch(candidates(of, values), 8)
    assert (kept.batch == 8).all() and (kept.weight == 1).all()
    cut = operating_point.at_batch(candidates(of, values), 1e9)
    assert cut.batch == pytest.approx(np.broadcast_to(of.largest_batch(), cut.batch.shape))


def test_a_batch_is_served_by_the_replica_of_least_energy():
    _, of, values = few()
    free = operating_point.at_batch(candidates(of, values, [1, 2, 4, 8]), 32)
    for size in (1, 2, 4, 8):
        fixed = operating_point.at_batch(candidates(of, values, [size]), 32)
        fits = fixed.weight > 0
        assert (free.energy.j_per_token[fits] <= fixed.energy.j_per_token[fits]).all()


def test_a_model_that_does_not_fit_has_no_weight_at_any_batch():
    runs = learnt().filter(pl.col("batch") == 1, pl.col("network") == LARGE, pl.col("gpu") == H100)
    heavy = runs.with_columns(pl.col("shared_bytes") * 2)  # 140 GB on GPUs of 80 GB
    point = operating_point.at_batch(candidates(Replicas.of(heavy), uncertain(heavy), [1]), 8)
    assert (point.weight == 0).all() and (point.reached == 0).all()


def part_load(of, batch, values):
    point = Point(batch=batch, gpus=of.gpus, energy=energy(of, batch, values), weight=np.ones(batch.shape))
    return operating_point.part_load(drawn_step(of, values), point, drawn_boards(of, values))


def test_part_load_is_the_step_at_smaller_batches():
    _, of, values = few()
    batch = np.full((DRAWS, len(of.gpus)), 50.0)
    works, boards = part_load(of, batch, values)
    for place, part in enumerate(operating_point.PARTS_OF_BATCH):
        there = energy(of, np.full(batch.shape, max(1.0, 50 * part)), values)
        full = energy(of, batch, values)
        assert works[place] == pytest.approx(full.seconds / there.seconds)
        assert boards[place] == pytest.approx(there.board_share)
    assert (np.diff(works, axis=0) >= 0).all()
    assert works[-1] == pytest.approx(np.ones(batch.shape))
    assert (works[0] > 0).all()


def test_part_load_of_a_single_request_is_all_of_it():
    _, of, values = few()
    works, _ = part_load(of, np.ones((DRAWS, len(of.gpus))), values)
    assert works == pytest.approx(np.ones(works.shape))
