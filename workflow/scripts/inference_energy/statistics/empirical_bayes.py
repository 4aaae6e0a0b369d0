"""A non-linear model with fixed parameters and random effects, fitted by penalised Gauss-Newton steps.

    y = f(theta, u) + w + e
    theta ~ N(prior, sd^2),  u_k ~ N(0, tau_k^2),  w ~ N(0, omega^2) per cell,  e ~ N(0, sigma^2) per row

The deviations tau, omega and sigma are estimated along the way (expectation-maximisation with the Laplace covariance);
what is shared by the rows of a cell is integrated out. Rows beyond 2.5 sigma count less (Huber's weights), so that a
few failed runs do not bend the rest. Deterministic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

HUBER = 2.5
DIFFERENCE = 1e-5  # on scales of logarithms
CONVERGED = 5e-4  # root mean square change of the expected observations
SETTLED = 0.02  # largest relative change of a deviation between levels
LEAST_OMEGA = 0.02
ROBUST_CUT = 3 * 1.4826  # deviations beyond three standard deviations are clipped when sigma is estimated
LARGEST_CELL_MEAN = 0.8

# From fixed parameters and the sums of effects by term: expected y, and its derivative by the sum of every term.
Function = Callable[[np.ndarray, Mapping[str, np.ndarray]], tuple[np.ndarray, Mapping[str, np.ndarray]]]


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Where a random effect acts."""

    name: str  # of the effect
    term: str  # that it shifts
    level: np.ndarray  # of every row
    count: int  # number of levels, seen or not
    floor: float  # least deviation between levels
    held: bool  # whether the deviation is not estimated


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fit, or where to start one."""

    values: np.ndarray  # fixed parameters, then the levels of every effect in turn
    deviations: dict[str, float]  # by effect, between its levels
    cell_sd: float = 0.2  # between cells
    row_sd: float = 0.15  # between rows of a cell
    # of `values`; of effects without rows it is that of their prior
    covariance: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    converged: bool = False  # whether the last step hardly changed what is expected and the deviations

    @cached_property
    def root(self) -> np.ndarray:
        """Lower triangle whose product with its transpose is the covariance: turns independent draws into these."""
        return np.linalg.cholesky(self.covariance + 1e-12 * np.eye(len(self.values)))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is fitted."""

    y: np.ndarray  # observations
    function: Function  # expected observations; see `Function`
    prior: np.ndarray  # means of the fixed parameters
    prior_sd: np.ndarray  # their standard deviations
    effects: Sequence[Levels]  # the random effects
    cell: np.ndarray  # of every row, 0 to the number of cells; rows of a cell share the levels of all effects

    def start(self, deviations: Mapping[str, float]) -> Fit:
        """Everything at its prior."""
        width = len(self.prior) + sum(effect.count for effect in self.effects)
        values = np.zeros(width)
        values[: len(self.prior)] = self.prior
        return Fit(values=values, deviations=dict(deviations))

    def slices(self) -> dict[str, slice]:
        """Places of the levels of every effect."""
        found, place = {}, len(self.prior)
        for effect in self.effects:
            found[effect.name] = slice(place, place + effect.count)
            place += effect.count
        return found

    def sums(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Sum of the effects of every row, by term."""
        found: dict[str, np.ndarray] = {}
        for effect, place in zip(self.effects, self.slices().values(), strict=True):
            found[effect.term] = found.get(effect.term, 0.0) + values[place][effect.level]
        return found

    def expected(self, values: np.ndarray) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
        """Expected observations, and their derivatives by the sums."""
        return self.function(values[: len(self.prior)], self.sums(values))


def fitted(problem: Problem, start: Fit, steps: int) -> Fit:
    """The fit after at most so many steps; a step is shortened until it improves the penalised sum of squares."""
    now = start
    if not len(problem.y):  # nothing is learnt
        return replace(now, covariance=np.diag(1 / _prior(problem, now)[1]), converged=True)
    for _ in range(steps):
        now = _step(problem, now)
        if now.converged:
            break
    return now


def _step(problem: Problem, now: Fit) -> Fit:
    from scipy import linalg, sparse  # here, as who reads a fit need not load it

    width, rows = len(problem.prior), len(problem.y)
    expected, slopes = problem.expected(now.values)
    sums = problem.sums(now.values)
    fixed = np.empty((rows, width))
    for place in range(width):
        moved = now.values[:width].copy()
        moved[place] += DIFFERENCE
        fixed[:, place] = (problem.function(moved, sums)[0] - expected) / DIFFERENCE
    # Rows of a cell share their levels, so that integrating out the cell keeps the pattern of zeros.
    compact = np.column_stack([fixed, *(slopes[effect.term] for effect in problem.effects)])
    whitened = _Whitening(problem.cell, now.cell_sd, now.row_sd)
    residual = whitened(problem.y - expected)
    weight = np.minimum(1.0, HUBER / np.maximum(np.abs(residual), 1e-9))
    places = np.column_stack(
        [
            np.broadcast_to(np.arange(width), (rows, width)),
            *(
                place.start + effect.level
                for effect, place in zip(problem.effects, problem.slices().values(), strict=True)
            ),
        ]
    )
    slope = sparse.csr_matrix(
        (whitened(compact).ravel(), places.ravel(), np.arange(rows + 1) * places.shape[1]),
        shape=(rows, len(now.values)),
    )
    weighted = slope.multiply(weight[:, None]).tocsr()
    middle, precision = _prior(problem, now)
    information = (weighted.T @ slope).toarray() + np.diag(precision)
    # The inverse of the information by its Cholesky factor, of which LAPACK returns the lower triangle.
    factor, _ = linalg.lapack.dpotrf(information, lower=True)
    lower, failed = linalg.lapack.dpotri(factor, lower=True)
    if failed:
        raise np.linalg.LinAlgError("information matrix is not positive definite")
    covariance = np.tril(lower) + np.tril(lower, -1).T
    step = covariance @ (weighted.T @ residual + precision * (middle - now.values))
    step[:width] = np.clip(step[:width], -1.0, 1.0)

    def objective(values: np.ndarray) -> float:
        size = np.abs(whitened(problem.y - problem.expected(values)[0]))
        loss = np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2)
        return float(loss.sum() + (precision * (middle - values) ** 2).sum())

    before, length = objective(now.values), 1.0
    while objective(now.values + length * step) > before and length > 1e-3:
        length /= 2
    values = now.values + length * step
    change = float(np.sqrt(np.mean((problem.expected(values)[0] - expected) ** 2)))
    moved = replace(now, values=values, covariance=covariance, converged=change < CONVERGED)
    # Variance of what is expected of every cell on average, as the values are not known exactly.
    plain = sparse.csr_matrix((compact.ravel(), slope.indices, slope.indptr), shape=slope.shape)
    mean_slope = whitened.averages @ plain
    known_to = np.asarray(mean_slope.multiply(mean_slope @ covariance).sum(axis=1)).ravel()
    return _with_deviations(problem, moved, known_to)


def _prior(problem: Problem, now: Fit) -> tuple[np.ndarray, np.ndarray]:
    middle = np.zeros(len(now.values))
    middle[: len(problem.prior)] = problem.prior
    precision = [1 / problem.prior_sd**2]
    precision += [np.full(effect.count, 1 / now.deviations[effect.name] ** 2) for effect in problem.effects]
    return middle, np.concatenate(precision)


def _with_deviations(problem: Problem, now: Fit, known_to: np.ndarray) -> Fit:
    variances = np.diag(now.covariance)
    found = dict(now.deviations)
    for effect, place in zip(problem.effects, problem.slices().values(), strict=True):
        seen = np.unique(effect.level)  # a level without rows says nothing
        if effect.held or len(seen) == 0:
            continue
        estimate = np.mean(now.values[place][seen] ** 2 + variances[place][seen])
        found[effect.name] = max(effect.floor, float(np.sqrt(estimate)))
    residual = problem.y - problem.expected(now.values)[0]
    sizes = np.bincount(problem.cell)
    means = np.bincount(problem.cell, residual) / sizes
    within = residual - means[problem.cell]
    several = sizes[problem.cell] > 1
    cut = ROBUST_CUT * np.median(np.abs(within[several])) if several.any() else np.inf
    freedom = max(1, len(residual) - len(sizes))
    row_sd = max(float(np.sqrt((np.clip(within, -cut, cut) ** 2).sum() / freedom)), LEAST_OMEGA)
    means_squared = np.clip(means, -LARGEST_CELL_MEAN, LARGEST_CELL_MEAN) ** 2 + known_to
    between = np.mean(means_squared) - row_sd**2 * np.mean(1 / sizes)
    settled = all(abs(found[name] / before - 1) < SETTLED for name, before in now.deviations.items())
    return replace(
        now,
        deviations=found,
        row_sd=row_sd,
        cell_sd=float(np.sqrt(max(LEAST_OMEGA**2, between))),
        converged=now.converged and settled,
    )


class _Whitening:
    """Multiplies by the inverse square root of the covariance of the rows: equal within a cell, none between cells."""

    def __init__(self, cell: np.ndarray, cell_sd: float, row_sd: float):
        from scipy import sparse  # here, as who reads a fit need not load it

        self.cell, self.row_sd, sizes = cell, row_sd, np.bincount(cell)
        self.averages = sparse.csr_matrix((1 / sizes[cell], (cell, np.arange(len(cell)))))  # means of cells
        self.shrink = 1 - np.sqrt(row_sd**2 / (row_sd**2 + sizes * cell_sd**2))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        shrunk = ((self.averages @ values).T * self.shrink).T
        return (values - shrunk[self.cell]) / self.row_sd
