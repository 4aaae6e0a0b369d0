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
from typing import Any, Self

import numpy as np

HUBER = 2.5
CONVERGED = 5e-4  # root mean square change of the expected observations
SETTLED = 0.02  # largest relative change of a deviation between levels
LEAST_OMEGA = 0.02
ROBUST_CUT = 3 * 1.4826  # deviations beyond three standard deviations are clipped when sigma is estimated
LARGEST_CELL_MEAN = 0.8


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is expected of every row."""

    y: np.ndarray  # observation
    by_parameter: np.ndarray  # its derivative by the fixed parameters, a column each
    by_term: Mapping[str, np.ndarray]  # its derivative by the sum of the effects on every term


# From fixed parameters and the sums of effects by term.
Function = Callable[[np.ndarray, Mapping[str, np.ndarray]], Expected]


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
    function: Function  # expected observations
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

    def expected(self, values: np.ndarray) -> Expected:
        """Expected observations with their derivatives."""
        return self.function(values[: len(self.prior)], self.sums(values))


def fitted(problem: Problem, start: Fit, steps: int) -> Fit:
    """The fit after at most so many steps; a step is shortened until it improves the penalised sum of squares."""
    now = start
    if not len(problem.y):  # nothing is learnt
        return replace(now, covariance=np.diag(1 / _prior(problem, now)[1]), converged=True)
    cells, expected = _Cells.of(problem), problem.expected(now.values)
    for _ in range(steps):
        now, expected = _step(problem, cells, now, expected)
        if now.converged:
            break
    return now


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """Where the cells of a problem are, and its random effects: rows of a cell share the levels of all effects."""

    terms: tuple[str, ...]  # that effects act on
    term: np.ndarray  # of every effect, its place in them
    sums: Any  # sparse, a row per cell and a column per row: sums over the rows of a cell
    places: np.ndarray  # among the values, of the levels of every cell: a column per effect
    levels: Sequence[Any]  # by term, sparse, a row per value and a column per cell: 1 where a level acts on the term
    pairs: np.ndarray  # place in the information matrix of every cell and pair of effects

    @classmethod
    def of(cls, problem: Problem) -> Self:
        from scipy import sparse  # here, as who reads a fit need not load it

        rows, starts = len(problem.y), problem.slices()
        terms = tuple(dict.fromkeys(effect.term for effect in problem.effects))
        first = np.unique(problem.cell, return_index=True)[1]
        places = np.stack([starts[effect.name].start + effect.level[first] for effect in problem.effects], axis=1)
        term = np.array([terms.index(effect.term) for effect in problem.effects])
        width = len(problem.prior) + sum(effect.count for effect in problem.effects)
        acting = [places[:, term == place] for place in range(len(terms))]
        return cls(
            terms=terms,
            term=term,
            sums=sparse.csr_matrix((np.ones(rows), (problem.cell, np.arange(rows)))),
            places=places,
            levels=[
                sparse.csr_matrix(
                    (np.ones(of.size), (of.ravel(), np.repeat(np.arange(len(first)), of.shape[1]))),
                    shape=(width, len(first)),
                )
                for of in acting
            ],
            pairs=places[:, :, None] * width + places[:, None, :],
        )

    def information(self, slopes: np.ndarray, weight: np.ndarray, width: int) -> np.ndarray:
        """Sum over rows of weight times the product of two derivatives by values; its lower triangle is filled."""
        fixed, by_term, size = slopes[:, :width], slopes[:, width:], self.levels[0].shape[0]
        weighted = weight[:, None] * slopes
        # Two effects meet in a cell, each with one level.
        products = self.sums @ (weighted[:, width:, None] * by_term[:, None]).reshape(len(slopes), -1)
        products = products.reshape(-1, len(self.terms), len(self.terms))[:, self.term[:, None], self.term]
        found = np.bincount(self.pairs.ravel(), products.ravel(), minlength=size**2).reshape(size, size)
        found[:width, :width] = weighted[:, :width].T @ fixed
        for place, levels in enumerate(self.levels):
            mixed = levels @ (self.sums @ (weighted[:, width + place, None] * fixed))
            found[:, :width] += mixed
        return found

    def gradient(self, slopes: np.ndarray, residual: np.ndarray, width: int) -> np.ndarray:
        """Sum over rows of the derivatives by values times a residual."""
        of_cells = self.sums @ (slopes[:, width:] * residual[:, None])
        found = sum(levels @ of_cells[:, place] for place, levels in enumerate(self.levels))
        found[:width] += slopes[:, :width].T @ residual
        return found

    def variances(self, means: np.ndarray, covariance: np.ndarray, width: int) -> np.ndarray:
        """Of every cell, the variance of a sum of values times derivatives, of which `means` has a row per cell."""
        fixed, random = means[:, :width], means[:, width:][:, self.term]
        mixed = np.take_along_axis(fixed @ covariance[:width], self.places, axis=1)
        both = np.einsum("ce,cef,cf->c", random, covariance.take(self.pairs), random)
        return np.sum(fixed @ covariance[:width, :width] * fixed, axis=1) + 2 * np.sum(mixed * random, axis=1) + both


def _step(problem: Problem, cells: _Cells, now: Fit, expected: Expected) -> tuple[Fit, Expected]:
    """The fit after a step, and what is expected with it."""
    width = len(problem.prior)
    # Rows of a cell share their levels, so that integrating out the cell keeps the pattern of zeros.
    compact = np.column_stack([expected.by_parameter, *(expected.by_term[term] for term in cells.terms)])
    whitened = _Whitening(problem.cell, now.cell_sd, now.row_sd)
    slopes, residual = whitened(compact), whitened(problem.y - expected.y)
    weight = np.minimum(1.0, HUBER / np.maximum(np.abs(residual), 1e-9))
    middle, precision = _prior(problem, now)
    covariance = _inverse(cells.information(slopes, weight, width) + np.diag(precision))
    step = covariance @ (cells.gradient(slopes, weight * residual, width) + precision * (middle - now.values))
    step[:width] = np.clip(step[:width], -1.0, 1.0)

    def objective(values: np.ndarray, of: Expected) -> float:
        size = np.abs(whitened(problem.y - of.y))
        loss = np.where(size < HUBER, size**2, 2 * HUBER * size - HUBER**2)
        return float(loss.sum() + (precision * (middle - values) ** 2).sum())

    before, length = objective(now.values, expected), 1.0
    there = problem.expected(now.values + step)
    while objective(now.values + length * step, there) > before and length > 1e-3:
        length /= 2
        there = problem.expected(now.values + length * step)
    change = float(np.sqrt(np.mean((there.y - expected.y) ** 2)))
    values = now.values + length * step
    moved = replace(now, values=values, covariance=covariance, converged=change < CONVERGED)
    # Variance of what is expected of every cell on average, as the values are not known exactly.
    known_to = cells.variances(whitened.averages @ compact, covariance, width)
    return _with_deviations(problem, moved, problem.y - there.y, known_to), there


def _inverse(information: np.ndarray) -> np.ndarray:
    """Of a matrix of which only the lower triangle need be filled, by its Cholesky factor."""
    from scipy import linalg  # here, as who reads a fit need not load it

    factor, _ = linalg.lapack.dpotrf(information, lower=True)
    lower, failed = linalg.lapack.dpotri(factor, lower=True)
    if failed:
        raise np.linalg.LinAlgError("information matrix is not positive definite")
    found = lower + lower.T  # above its diagonal `lower` is 0
    np.fill_diagonal(found, np.diag(lower))
    return found


def _prior(problem: Problem, now: Fit) -> tuple[np.ndarray, np.ndarray]:
    middle = np.zeros(len(now.values))
    middle[: len(problem.prior)] = problem.prior
    precision = [1 / problem.prior_sd**2]
    precision += [np.full(effect.count, 1 / now.deviations[effect.name] ** 2) for effect in problem.effects]
    return middle, np.concatenate(precision)


def _with_deviations(problem: Problem, now: Fit, residual: np.ndarray, known_to: np.ndarray) -> Fit:
    variances = np.diag(now.covariance)
    found = dict(now.deviations)
    for effect, place in zip(problem.effects, problem.slices().values(), strict=True):
        seen = np.unique(effect.level)  # a level without rows says nothing
        if effect.held or len(seen) == 0:
            continue
        estimate = np.mean(now.values[place][seen] ** 2 + variances[place][seen])
        found[effect.name] = max(effect.floor, float(np.sqrt(estimate)))
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
