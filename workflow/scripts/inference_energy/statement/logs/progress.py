"""Progress of long work: share done, rows per second and time left, in the terminal and in the log."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from inference_energy.common.escaped import show

FIRST_SECONDS, NEXT_SECONDS = 2.0, 5.0


class Progress:
    """Reports progress every few seconds, from a thread of its own; short work is not reported.

    Use as a context; `done` and `part` are kept current by the work, of which `total` is the amount in `unit`. `share`
    gives the share of the part that is under way, 0 to 1. Lines go to the logger besides the terminal.
    """

    def __init__(
        self, label: str, total: int, unit: str, logger: logging.Logger, share: Callable[[], float] = lambda: 0.0
    ):
        self.label, self.total, self.unit, self.logger, self.share = label, total, unit, logger, share
        self.done = 0
        self.part = 0
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            seconds = time.monotonic() - self._started
            rate = _rate(self.total, seconds, self.unit)
            line = f"{self.label}: {self.total:,} {self.unit} in {duration(seconds)}{rate}"
            self.logger.info("%s", line)
            if seconds >= FIRST_SECONDS:
                show(line, file=sys.stderr)

    def finished(self, amount: int | None = None) -> None:
        """The part that was under way is done; `amount` corrects one that was estimated."""
        amount = self.part if amount is None else amount
        self.total += amount - self.part
        self.part = 0
        self.advance(amount)

    def advance(self, amount: int) -> None:
        """So much more is done."""
        self.done += amount

    def _tell(self) -> None:
        wait = FIRST_SECONDS
        while not self._stop.wait(wait):
            wait = NEXT_SECONDS
            seconds = time.monotonic() - self._started
            line = status(self.label, self.done + self.share() * self.part, self.total, self.unit, seconds)
            show(line, file=sys.stderr)
            self.logger.info("%s", line)


def status(label: str, done: float, total: int, unit: str, seconds: float) -> str:
    """One line: `meter azure: 40 %, 4,000,000 of 10,000,000 rows, 20,000,000 rows/s, 0.3 s left`."""
    share = done / total if total else 1.0
    left = f", {duration(seconds * (1 - share) / share)} left" if share > 0 else ""
    return f"{label}: {share * 100:.0f} %, {done:,.0f} of {total:,} {unit}{_rate(done, seconds, unit)}{left}"


def _rate(done: float, seconds: float, unit: str) -> str:
    return f", {done / seconds:,.0f} {unit}/s" if seconds > 0 else ""


def duration(seconds: float) -> str:
    """A time for readers: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
