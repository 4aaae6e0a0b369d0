"""Where a service runs: the batch and the replica that give its users a speed, or a time per token."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from inference_energy.serving import step
from inference_energy.serving.predict import Drawn, Energy, energy
from inference_energy.serving.replicas import Replicas

SPEEDS_TOK_PER_S = (20, 35, 50, 75, 100)
GRID = 10  # batches at which the speed of every draw is computed; between them it is interpolated
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
    found = []
    for speed in SPEEDS_TOK_PER_S:
        fast = metered.filter(user >= speed).sort("energy_j_per_output_token", "row_id")
        best = fast.group_by(SERVICE, maintain_order=True).first()
        found.append(best.with_columns(speed_tok_per_s=pl.lit(float(speed))))
    return pl.concat(found)


def batch_prior(runs: pl.DataFrame) -> BatchPrior:
    """The prior fitted to the services of some runs by least squares."""
    best = services(runs)
    logs = np.log(best["batch"].to_numpy())
    slope, intercept = np.polyfit(np.log(best["speed_tok_per_s"].to_numpy()), logs, 1)
    residual = logs - intercept - slope * np.log(best["speed_tok_per_s"].to_numpy())
    return BatchPrior(intercept=float(intercept), slope=float(slope), sd=float(residual.std(ddof=2)))


@dataclass(frozen=True, kw_only=True)
class Point:
    """Draws of an operating point: a row per draw, a column per run.

    Attributes:
        batch: running requests.
        gpus: of the replica.
        energy: at that batch.
        weight: how probable the draw is, given the speed; 0 where it is out of reach.
    """

    batch: np.ndarray
    gpus: np.ndarray
    energy: Energy
    weight: np.ndarray

    @property
    def reached(self) -> np.ndarray:
        """Share of the draws that reach the speed, by run."""
        return np.mean(self.weight > 0, axis=0)

    def resampled(self) -> "Point":
        """The same with equal weights: draws repeated in proportion to their weight.

        Runs that no draw reaches keep their draws; `reached` says so before.
        """
        draws = self.weight.shape[0]
        total = self.weight.sum(axis=0)
        weight = np.where(total > 0, self.weight, 1.0)
        below = np.cumsum(weight, axis=0) / weight.sum(axis=0)
        marks = (np.arange(draws) + 0.5) / draws
        chosen = np.stack([np.searchsorted(column, marks) for column in below.T], axis=1).clip(0, draws - 1)

        def taken(values: np.ndarray) -> np.ndarray:
            return np.take_along_axis(np.broadcast_to(values, self.weight.shape), chosen, axis=0)

        return Point(
            batch=taken(self.batch),
            gpus=taken(self.gpus),
            energy=Energy(**{name: taken(values) for name, values in vars(self.energy).items()}),
            weight=np.where(total > 0, 1.0, 0.0) * np.ones((draws, 1)),
        )


def batch_at_speed(of: Replicas, uncertain: Drawn, speed: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Largest batch at which a user still sees a speed, of every draw; and whether a batch of one does.

    Args:
        of: the replicas.
        uncertain: draws of everything uncertain.
        speed: tokens a second of a user.
    """
    largest = np.maximum(of.largest_batch(), 1.0)
    grid = np.exp(np.linspace(0.0, 1.0, GRID)[:, None] * np.log(largest))
    speeds = []
    for batch in grid:
        time = step.time_per_token(of, batch, uncertain.time, uncertain.time_effects)
        floor = step.floor_seconds(of, time.bytes_per_token, time.flop_per_token)
        speeds.append(np.log(step.speed_tok_per_s(batch, np.maximum(time.seconds, floor))))
    # Speed falls with the batch; minima along the grid keep that where an interpolation could not.
    falling = np.minimum.accumulate(np.stack(speeds), axis=0)
    wanted = np.log(speed)
    above = (falling >= wanted).sum(axis=0)
    low = np.clip(above - 1, 0, GRID - 2)[None]
    fast = np.take_along_axis(falling, low, axis=0)[0]
    slow = np.take_along_axis(falling, low + 1, axis=0)[0]
    part = np.where(fast > slow, (fast - wanted) / np.where(fast > slow, fast - slow, 1.0), 1.0)
    place = (low[0] + np.clip(part, 0.0, 1.0)) / (GRID - 1)
    return np.exp(place * np.log(largest)), above > 0


def at_speed(
    of: Replicas, uncertain: Drawn, speed: np.ndarray | float, prior: BatchPrior, sizes: Sequence[int] | None = None
) -> Point:
    """Energy where users see a speed: of every draw its own batch, and the replica that needs the least energy.

    Near the largest speed that a replica reaches, the batch is hardly determined by it. So every draw chooses its own
    point, and counts as much as services with such a batch at that speed are common.

    Args:
        of: the replicas.
        uncertain: draws of everything uncertain.
        speed: tokens a second of a user.
        prior: of the batch.
        sizes: GPUs that a replica may have; by default those that it has.
    """
    found = []
    for candidate in _of_sizes(of, sizes):
        batch, reached = batch_at_speed(candidate, uncertain, speed)
        fits = candidate.largest_batch() >= 1
        weight = np.where(reached & fits, prior.density(batch, speed), 0.0)
        found.append((batch, candidate.gpus, energy(candidate, batch, uncertain), weight))
    return _least(found)


def at_batch(of: Replicas, uncertain: Drawn, batch: float, sizes: Sequence[int] | None = None) -> Point:
    """Energy at a stated batch, on the replica that needs the least energy of those whose memory holds it."""
    found = []
    for candidate in _of_sizes(of, sizes):
        result = energy(candidate, np.full(len(candidate.gpus), batch), uncertain)
        fits = np.broadcast_to(candidate.largest_batch() >= batch, result.seconds.shape)
        found.append((np.full(result.seconds.shape, batch), candidate.gpus, result, fits.astype(float)))
    return _least(found)


def _of_sizes(of: Replicas, sizes: Sequence[int] | None) -> list[Replicas]:
    return [of] if sizes is None else [replace(of, gpus=np.full(len(of.gpus), float(size))) for size in sizes]


def _least(found: list[tuple[np.ndarray, np.ndarray, Energy, np.ndarray]]) -> Point:
    """Of every draw the candidate of least energy: batch, GPUs, energy and weight of each are given."""
    cost = np.stack([np.where(weight > 0, of.j_per_token, np.inf) for _, _, of, weight in found])
    best = np.argmin(cost, axis=0)[None]

    def chosen(values: list[np.ndarray]) -> np.ndarray:
        full = np.stack([np.broadcast_to(each, best.shape[1:]) for each in values])
        return np.take_along_axis(full, best, axis=0)[0]

    return Point(
        batch=chosen([each[0] for each in found]),
        gpus=chosen([each[1] for each in found]),
        energy=Energy(**{name: chosen([vars(each[2])[name] for each in found]) for name in vars(found[0][2])}),
        weight=chosen([each[3] for each in found]),
    )
