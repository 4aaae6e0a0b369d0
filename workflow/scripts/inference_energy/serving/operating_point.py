"""Where a service runs: the batch and the replica that give its users a speed, or a time per token."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from inference_energy.common.blocks import blocks
from inference_energy.serving import step
from inference_energy.serving.predict import Energy, Working, energy_of, load_of
from inference_energy.serving.replicas import Replicas, columns_of
from inference_energy.serving.step import Boards, Step
from inference_energy.statistics.draws import resampled

SPEEDS_TOK_PER_S = (20, 35, 50, 75, 100)
PARTS_OF_BATCH = (0.0, 0.03, 0.1, 0.3, 0.6, 1.0)  # at which power is computed; work in between is interpolated
SAME = 1e-9  # relative difference of energies, below which replicas need the same: it may be rounding
FEWEST_REACHED = 0.1  # of the draws, below which a speed counts as out of reach
# Of one service: what runs must share to be alternatives of each other.
SERVICE = ("campaign", "network", "gpu", "precision", "prompts", "input_tokens", "speculative")


@dataclass(frozen=True, kw_only=True)
class BatchPrior:
    """Batches at which services reach a speed at least energy: log B ~ N(intercept + slope log(speed), sd^2)."""

    intercept: float
    slope: float
    sd: float

    def density(self, batch: np.ndarray, speed: np.ndarray | float) -> np.ndarray:
        """Density of a batch at a speed, up to a constant."""
        middle = self.intercept + self.slope * np.log(speed)
        return np.exp(-0.5 * ((np.log(batch) - middle) / self.sd) ** 2)


def services(runs: pl.DataFrame) -> pl.DataFrame:
    """Least measured energy of every service at every speed of `SPEEDS_TOK_PER_S` that one of its runs reaches.

    Adds `speed_tok_per_s`. A service has at least two runs, so that there was a choice.
    """
    metered = runs.filter(pl.col("board_share").is_not_null(), pl.len().over(SERVICE) > 1)
    user = pl.Series(step.speed_tok_per_s(metered["batch"].to_numpy(), metered["seconds_per_token"].to_numpy()))
    speeds = pl.DataFrame({"speed_tok_per_s": SPEEDS_TOK_PER_S}, schema={"speed_tok_per_s": pl.Float64})
    return (
        metered.with_columns(user=user)
        .join(speeds, how="cross")
        .filter(pl.col("user") >= pl.col("speed_tok_per_s"))
        .sort("speed_tok_per_s", "energy_j_per_output_token", "row_id")
        .unique([*SERVICE, "speed_tok_per_s"], keep="first", maintain_order=True)
        .drop("user")
    )


def batch_prior(runs: pl.DataFrame) -> BatchPrior:
    """The prior fitted to the services of some runs by least squares."""
    best = services(runs)
    logs = np.log(best["batch"].to_numpy())
    slope, intercept = np.polyfit(np.log(best["speed_tok_per_s"].to_numpy()), logs, 1)
    residual = logs - intercept - slope * np.log(best["speed_tok_per_s"].to_numpy())
    return BatchPrior(intercept=float(intercept), slope=float(slope), sd=float(residual.std(ddof=2)))


@dataclass(frozen=True, kw_only=True)
class Point:
    """Draws of an operating point: a row per draw, a column per run."""

    batch: np.ndarray  # running requests
    gpus: np.ndarray  # of the replica
    energy: Energy  # at that batch
    weight: np.ndarray  # how probable the draw is, given the speed; 0 where it is out of reach

    @property
    def reached(self) -> np.ndarray:
        """Share of the draws that reach the speed, by run."""
        return np.mean(self.weight > 0, axis=0)

    def resampled(self) -> "Point":
        """The same with equal weights: draws repeated in proportion to their weight.

        Runs that no draw reaches keep their draws; `reached` says so before.
        """
        total = self.weight.sum(axis=0)
        chosen = np.stack([resampled(column) for column in np.where(total > 0, self.weight, 1.0).T], axis=1)

        def taken(values: np.ndarray) -> np.ndarray:
            return np.take_along_axis(np.broadcast_to(values, self.weight.shape), chosen, axis=0)

        return Point(
            batch=taken(self.batch),
            gpus=taken(self.gpus),
            energy=Energy(**{name: taken(values) for name, values in vars(self.energy).items()}),
            weight=np.where(total > 0, 1.0, 0.0) * np.ones_like(self.weight),
        )


def batch_at_speed(taken: Step, speed: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Largest batch at which a user still sees a speed, in tokens a second, of every draw.

    Returns:
        The batches; and whether a batch of one has that speed.
    """
    return taken.batch_within(1 / (step.DECODING_SHARE * speed))


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Runs on replicas of one size, of which there may be others."""

    places: np.ndarray  # of the runs
    of: Replicas
    taken: Step  # what a step takes
    boards: Boards  # how their power follows


def candidates(of: Replicas, working: Working, sizes: Sequence[int] | None = None) -> list[Candidate]:
    """Every run on a replica of every size that holds its model; `sizes` are their GPUs, by default those that it has.

    The first size is of every run: draws that reach nothing are on it.
    """
    runs, pace, boards = len(of.gpus), working.pace, working.boards
    if sizes is None:
        return [Candidate(places=np.arange(runs), of=of, taken=step.step_at(of, pace), boards=boards)]
    holds = np.stack([of.holds(size) for size in sizes])
    holds[0] = True
    held = [np.nonzero(each)[0] for each in holds]
    found = []
    for block in blocks(len(sizes), pace.moving.size):
        places = np.concatenate(held[block])
        if len(places):
            gpus = np.repeat(np.array(sizes[block], float), [len(each) for each in held[block]])
            there = replace(of.columns(places), gpus=gpus)
            taken = step.step_at(there, pace.columns(places))
            found.append(Candidate(places=places, of=there, taken=taken, boards=boards.columns(places)))
    return found


def at_speed(found: Sequence[Candidate], speed: np.ndarray | float, prior: BatchPrior) -> Point:
    """Energy where users see a speed: of every draw its own batch, and the replica that needs the least energy.

    Near the largest speed that a replica reaches, the batch is hardly determined by it. So every draw chooses its own
    point, and counts as much as services with such a batch at that speed are common, by the prior.
    """
    runs = _runs(found)
    points = [point_at_speed(each.taken, each.boards, columns_of(speed, each.places, runs), prior) for each in found]
    return _least(points, found)


def point_at_speed(taken: Step, boards: Boards, speed: np.ndarray | float, prior: BatchPrior) -> Point:
    """The same of replicas whose steps are known, without a choice among replicas."""
    of = taken.of
    batch, reached = batch_at_speed(taken, speed)
    return Point(
        batch=batch,
        gpus=of.gpus,
        energy=energy_of(taken, batch, boards),
        weight=np.where(reached & (of.largest_batch() >= 1), prior.density(batch, speed), 0.0),
    )


def at_batch(found: Sequence[Candidate], batch: float) -> Point:
    """Energy at a batch, or at what memory holds if that is less, on the replica that needs the least energy."""
    points = []
    for each in found:
        largest = each.of.largest_batch()
        running = np.clip(largest, 1.0, batch)
        energy = energy_of(each.taken, running, each.boards)
        points.append(Point(batch=running, gpus=each.of.gpus, energy=energy, weight=1.0 * (largest >= 1)))
    return _least(points, found)


def part_load(taken: Step, point: Point, boards: Boards) -> tuple[np.ndarray, np.ndarray]:
    """Work of a replica over what it does at its point, and power of its boards over their rating, at smaller batches.

    The first of both are those of a single running request, the last those of the point, where a replica does all it
    can. `taken` are its steps. Shapes (points, draws, runs).
    """
    full, parts = point.energy, np.array(PARTS_OF_BATCH)[:, None, None]
    works, shares = (np.empty((len(parts), *full.seconds.shape)) for _ in range(2))
    for block in blocks(len(parts) - 1, full.seconds.size):
        seconds, shares[block] = load_of(taken, np.maximum(point.batch * parts[block], 1.0), boards)
        works[block] = full.seconds / seconds
    works[-1], shares[-1] = 1.0, full.board_share
    for less, more in itertools.pairwise(works):
        np.maximum(less, more, out=more)
    return works, shares


def _runs(found: Sequence[Candidate]) -> int:
    return 1 + max(int(each.places.max()) for each in found)


def _least(points: Sequence[Point], of: Sequence[Candidate]) -> Point:
    """Of every draw and run the candidate of least energy; the first of those that need the same.

    Where bandwidth limits a replica, one of twice the GPUs needs the same energy with twice the batch.
    """
    shapes, places = [each.energy.seconds.shape for each in points], np.concatenate([each.places for each in of])

    def joined(each: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.broadcast_to(*of) for of in zip(each, shapes, strict=True)], axis=1)

    weight = joined([each.weight for each in points])
    cost = np.where(weight > 0, joined([each.energy.j_per_token for each in points]), np.inf)
    columns = [np.nonzero(places == run)[0] for run in range(_runs(of))]
    best = np.tile([each[0] for each in columns], (len(cost), 1))
    least = cost[:, best[0]]
    for rank in range(1, max(map(len, columns))):
        runs = [run for run, each in enumerate(columns) if len(each) > rank]
        further = np.array([columns[run][rank] for run in runs])
        less = cost[:, further] < least[:, runs] * (1 - SAME)
        best[:, runs] = np.where(less, further, best[:, runs])
        least[:, runs] = np.where(less, cost[:, further], least[:, runs])

    def chosen(each: list[np.ndarray]) -> np.ndarray:
        return np.take_along_axis(joined(each), best, axis=1)

    energies = [vars(each.energy) for each in points]
    return Point(
        batch=chosen([each.batch for each in points]),
        gpus=np.concatenate([each.of.gpus for each in of])[best],
        energy=Energy(**{name: chosen([each[name] for each in energies]) for name in energies[0]}),
        weight=np.take_along_axis(weight, best, axis=1),
    )
