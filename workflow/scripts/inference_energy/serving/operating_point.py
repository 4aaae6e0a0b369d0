"""Where a service runs: the batch and the replica that give its users a speed, or a time per token."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from inference_energy.serving import step
from inference_energy.serving.predict import Drawn, Energy, drawn_pace, energy_of, load_of
from inference_energy.serving.replicas import Replicas
from inference_energy.serving.step import Step
from inference_energy.statistics.draws import resampled

SPEEDS_TOK_PER_S = (20, 35, 50, 75, 100)
PARTS_OF_BATCH = (0.0, 0.03, 0.1, 0.3, 0.6, 1.0)  # at which power is computed; work in between is interpolated
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


def at_speed(
    of: Replicas, uncertain: Drawn, speed: np.ndarray | float, prior: BatchPrior, sizes: Sequence[int] | None = None
) -> Point:
    """Energy where users see a speed: of every draw its own batch, and the replica that needs the least energy.

    Near the largest speed that a replica reaches, the batch is hardly determined by it. So every draw chooses its own
    point, and counts as much as services with such a batch at that speed are common, by the prior. `sizes` are the GPUs
    that a replica may have; by default those that it has.
    """
    found, pace = [], drawn_pace(of, uncertain)
    for candidate in _of_sizes(of, sizes):
        taken = step.step_at(candidate, pace)
        batch, reached = batch_at_speed(taken, speed)
        fits = candidate.largest_batch() >= 1
        weight = np.where(reached & fits, prior.density(batch, speed), 0.0)
        found.append((batch, candidate.gpus, energy_of(taken, batch, uncertain), weight))
    return _least(found)


def at_batch(of: Replicas, uncertain: Drawn, batch: float, sizes: Sequence[int] | None = None) -> Point:
    """Energy at a batch, or at what memory holds if that is less, on the replica that needs the least energy."""
    found, pace = [], drawn_pace(of, uncertain)
    for candidate in _of_sizes(of, sizes):
        largest = candidate.largest_batch()
        running = np.clip(largest, 1.0, batch)
        result = energy_of(step.step_at(candidate, pace), running, uncertain)
        shape = result.seconds.shape
        fits = np.broadcast_to(largest >= 1, shape).astype(float)
        found.append((np.broadcast_to(running, shape), candidate.gpus, result, fits))
    return _least(found)


def part_load(of: Replicas, batch: np.ndarray, uncertain: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Work of a replica over what it does at its batch, and power of its boards over their rating, at smaller batches.

    The first of both are those of a single running request, the last those of `batch`, the running requests when a
    replica does all it can. Shapes (points, draws, runs).
    """
    taken = step.step_at(of, drawn_pace(of, uncertain))
    points = [load_of(taken, np.maximum(batch * part, 1.0), uncertain) for part in PARTS_OF_BATCH]
    works = np.stack([points[-1][0] / seconds for seconds, _ in points])
    return np.maximum.accumulate(works), np.stack([board_share for _, board_share in points])


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
