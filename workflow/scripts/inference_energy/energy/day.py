"""The day of a service: requests by hour, replicas kept for them, and the power that follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
import polars as pl

from inference_energy.common.blocks import blocks
from inference_energy.common.conversions import HOURS_PER_DAY, SECONDS_PER_HOUR
from inference_energy.common.errors import InputError, like
from inference_energy.common.formulas import Quantity, formula

LEAST_KEPT = 1e-12  # share of the replicas that is on in an hour without requests, so that shares of it are numbers


@formula(unit="share", source="arithmetic")
def needed_share(*, rate: Quantity, peak_rate: Quantity, headroom: Quantity) -> Quantity:
    """Work of an hour over what all replicas together can do.

    Args:
        rate: requests of the hour.
        peak_rate: requests of the busiest hour.
        headroom: capacity over the requests of the busiest hour.
    """
    return rate / (peak_rate * headroom)


@formula(unit="share", source="arithmetic")
def kept_share(*, needed: Quantity, released_share: Quantity) -> Quantity:
    """Share of the replicas that are on: those that are needed, and those of the others that are not released."""
    return 1 - released_share * (1 - needed)


@formula(unit="share", source="arithmetic")
def work_share(*, needed: Quantity, kept: Quantity) -> Quantity:
    """Work of a replica that is on, over what it can do: requests are spread over all that are on."""
    return needed / kept


@formula(unit="Wh per GPU-second", source="arithmetic")
def energy_per_gpu_second_wh(*, power_w: Quantity, load: Quantity) -> Quantity:
    """Energy that goes with a GPU-second of work; that of idle replicas is charged to the queries.

    Args:
        power_w: mean power per GPU of the replicas that are on, W.
        load: work of the day over what the replicas that are on can do.
    """
    return power_w / (load * SECONDS_PER_HOUR)


@dataclass(frozen=True, kw_only=True)
class Day:
    """Hours of a day; the arrays have a row per hour and a column per draw."""

    needed: np.ndarray  # work over what all replicas can do
    kept: np.ndarray  # share of the replicas that are on
    work: np.ndarray  # work of a replica that is on over what it can do

    @classmethod
    def of(cls, rates: np.ndarray, headroom: np.ndarray, released_share: np.ndarray) -> "Day":
        """From requests by hour; the other two have a value per draw."""
        needed = needed_share(rate=rates[:, None], peak_rate=rates.max(), headroom=np.atleast_1d(headroom)[None])
        kept = np.maximum(kept_share(needed=needed, released_share=np.atleast_1d(released_share)[None]), LEAST_KEPT)
        return cls(needed=needed, kept=kept, work=work_share(needed=needed, kept=kept))

    @property
    def capacity(self) -> np.ndarray:
        """Mean work over what all replicas can do, by draw: its inverse says how many are installed."""
        return self.needed.mean(axis=0)

    @property
    def load(self) -> np.ndarray:
        """Work of the day over what the replicas that are on can do, by draw."""
        return self.needed.mean(axis=0) / self.kept.mean(axis=0)

    def hours(self, members: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Work of a replica and share that is on, of shape (hours, draws, 1), in blocks for so many members."""
        for block in blocks(len(self.work), members * self.work.shape[1]):
            yield self.work[block, :, None], self.kept[block, :, None]


def rates(arrivals: str | None, services: pl.DataFrame, place: str) -> np.ndarray:
    """Requests of every hour of a day over their mean, shape (24,), by a workload of `service_rates`; none: constant.

    Raises:
        InputError: a workload that the table does not have.
    """
    if arrivals is None:
        return np.ones(HOURS_PER_DAY)
    rows = services.filter(pl.col("workload") == arrivals)
    if rows.is_empty():
        known = sorted(services["workload"].unique())
        raise InputError(f"{place}: found {arrivals!r}; allowed: {like(arrivals, known)}, of resources/services")
    # ASSUME: every day is the mean of the days that were counted; what differs between days is in the headroom.
    by_hour = rows.group_by(pl.col("hour") % HOURS_PER_DAY).agg(pl.mean("relative_rate")).sort("hour")
    found = by_hour["relative_rate"].to_numpy()
    return found / found.mean()


def interpolation(places: np.ndarray, values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Piecewise linear interpolation, element by element, at places up to the last one, shape (..., draws, 1).

    Places rise along the first axis; they and their values have shape (points, draws, members).
    """
    slopes, starts = np.zeros(places.shape), np.empty(places.shape)
    width = np.diff(places, axis=0)
    width[width <= 0] = np.inf  # of a step: never used
    np.divide(np.diff(values, axis=0), width, out=slopes[:-1])
    np.subtract(values, slopes * places, out=starts)  # after the last place, its value
    each = np.arange(starts[0].size).reshape(starts.shape[1:])

    def at(place: np.ndarray) -> np.ndarray:
        # Faster than to fill piece by piece where a mask is true: its branches cost more than all else.
        pieces = reduce(np.add, ((place >= reached).view(np.uint8) for reached in places[1:]))
        at = np.multiply(pieces, each.size, dtype=np.int64)
        at += each
        found = slopes.take(at)
        found *= place
        found += starts.take(at)
        return found

    return at
