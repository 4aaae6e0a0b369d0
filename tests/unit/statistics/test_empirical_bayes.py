"""Non-linear models with random effects, fitted by penalised Gauss-Newton steps."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from inference_energy.statistics.empirical_bayes import (
    LEAST_OMEGA,
    Expected,
    Fit,
    Levels,
    Problem,
    _Cells,
    _inverse,
    _Whitening,
    fitted,
)

GROUPS, CELLS, ROWS = 60, 5, 4  # levels, cells of each, rows of a cell
A, B = 1.0, -0.7
TAU, OMEGA, SIGMA = 0.5, 0.2, 0.1
WIDE = 1e3
RISE, BEND = "a + b x", "log(e^a + e^b x)"


def line(x):
    def function(values, sums):
        slopes = np.stack([np.ones(len(x)), x], axis=1)
        return Expected(y=slopes @ values + sums["shift"], by_parameter=slopes, by_term={"shift": np.ones(len(x))})

    return function


def bend(x):
    """An effect that shifts one of two terms of a sum, on a log scale."""

    def function(values, sums):
        moved = np.exp(values[1] + sums["shift"]) * x
        total = np.exp(values[0]) + moved
        shares = np.stack([np.exp(values[0]) / total, moved / total], axis=1)
        return Expected(y=np.log(total), by_parameter=shares, by_term={"shift": shares[:, 1]})

    return function


FORMS = {RISE: line, BEND: bend}


def levels(level, count, **changes):
    known = {"name": "group", "term": "shift", "floor": 0.01, "held": False}
    return Levels(**known | {"level": np.asarray(level), "count": count} | changes)


def data(form=RISE, seed=3):
    """A problem and the levels that made it: groups of cells of rows."""
    generator = np.random.default_rng(seed)
    cell = np.repeat(np.arange(GROUPS * CELLS), ROWS)
    group = cell // CELLS
    x = np.exp(generator.normal(size=len(cell)))
    function = FORMS[form](x)
    shift = TAU * generator.normal(size=GROUPS)
    errors = OMEGA * generator.normal(size=cell.max() + 1)[cell] + SIGMA * generator.normal(size=len(cell))
    y = function(np.array([A, B]), {"shift": shift[group]}).y + errors
    prior, sd = np.zeros(2), np.full(2, WIDE)
    effects = [levels(group, GROUPS)]
    return Problem(y=y, function=function, prior=prior, prior_sd=sd, effects=effects, cell=cell), shift


def changed(problem, **changes):
    return Problem(**vars(problem) | changes)


def fit(problem, deviation=0.3, steps=50):
    return fitted(problem, problem.start({effect.name: deviation for effect in problem.effects}), steps)


def simple(y, *, held=True, count=1, level=None, prior=0.0, prior_sd=1e-6, **changes):
    """Rows around one parameter and levels, each a cell of its own."""
    y = np.asarray(y, dtype=float)

    def function(values, sums):
        ones = np.ones(len(y))
        return Expected(y=values[0] + sums["shift"], by_parameter=ones[:, None], by_term={"shift": ones})

    level = np.zeros(len(y), dtype=int) if level is None else level
    return Problem(
        y=y,
        function=function,
        prior=np.array([prior]),
        prior_sd=np.array([prior_sd]),
        effects=[levels(level, count, held=held, **changes)],
        cell=np.arange(len(y)),
    )


@pytest.mark.parametrize("form", FORMS)
def test_parameters_and_deviations_are_recovered(form):
    problem, shift = data(form)
    found = fit(problem)
    assert found.converged
    sd = np.sqrt(np.diag(found.covariance))
    assert (np.abs(found.values[:2] - [A, B]) < 3 * sd[:2]).all()
    assert sd[:2].max() < 0.1
    assert found.deviations["group"] == pytest.approx(TAU, rel=0.3)  # the standard error of the deviation is 0.09
    assert found.cell_sd == pytest.approx(OMEGA, rel=0.12)
    assert found.row_sd == pytest.approx(SIGMA, rel=0.05)
    off = (found.values[2:] - shift) / sd[2:]
    assert 0.75 < np.sqrt(np.mean((off - off.mean()) ** 2)) < 1.25


@pytest.mark.parametrize("form", FORMS)
def test_stated_errors_hold(form):
    scores = []
    for seed in range(12):
        found = fit(data(form, seed)[0])
        scores.append((found.values[:2] - [A, B]) / np.sqrt(np.diag(found.covariance)[:2]))
    assert 0.6 < np.sqrt(np.mean(np.square(scores))) < 1.4


@pytest.mark.parametrize("form", FORMS)
def test_deviations_are_right_on_average(form):
    found = [fit(data(form, seed)[0]) for seed in range(20)]
    assert np.mean([each.cell_sd for each in found]) == pytest.approx(OMEGA, rel=0.03)
    assert np.mean([each.row_sd for each in found]) == pytest.approx(SIGMA, rel=0.03)
    assert np.mean([each.deviations["group"] for each in found]) == pytest.approx(TAU, rel=0.06)


def test_where_it_starts_does_not_matter():
    problem, _ = data(BEND)
    near = fit(problem)
    far = fitted(problem, Fit(values=np.r_[4.0, 3.0, np.ones(GROUPS)], deviations={"group": 2.0}, cell_sd=1.0), 100)
    assert far.converged
    assert far.values[:2] == pytest.approx(near.values[:2], abs=0.01)
    assert far.deviations["group"] == pytest.approx(near.deviations["group"], rel=0.02)


def test_same_problem_same_bytes():
    one, other = (fit(data()[0]) for _ in range(2))
    assert (one.values == other.values).all() and (one.covariance == other.covariance).all()
    assert (one.deviations, one.cell_sd, one.row_sd) == (other.deviations, other.cell_sd, other.row_sd)


def test_level_without_rows_keeps_its_prior():
    problem, _ = data()
    more = changed(problem, effects=[levels(problem.effects[0].level, GROUPS + 2)])
    found, plain = fit(more), fit(problem)
    assert found.values[-2:] == pytest.approx([0, 0], abs=1e-12)
    tau = found.deviations["group"]
    assert found.covariance[-2:, -2:] == pytest.approx(np.diag([tau**2] * 2), rel=0.01)
    assert found.covariance[-2:, :-2] == pytest.approx(np.zeros((2, GROUPS + 2)), abs=1e-12)
    assert found.values[:-2] == pytest.approx(plain.values)
    assert tau == pytest.approx(plain.deviations["group"])


def test_a_wild_row_hardly_moves_the_fit():
    problem, _ = data()
    wild = problem.y.copy()
    wild[7] += 20
    before, after = fit(problem), fit(changed(problem, y=wild))
    assert after.values[:2] == pytest.approx(before.values[:2], abs=0.02)
    assert after.row_sd == pytest.approx(before.row_sd, rel=0.05)
    # The mean of its group of 20 rows moves by 1.
    group = 2 + problem.effects[0].level[7]
    assert after.values[group] == pytest.approx(before.values[group], abs=0.2)


def test_a_level_is_shrunk_by_what_its_rows_say():
    generator = np.random.default_rng(1)
    y = np.r_[0.5, generator.uniform(-0.3, 0.3, size=9) + 0.5]
    found = fit(simple(y), deviation=0.2)
    error = found.cell_sd**2 + found.row_sd**2
    share = 0.2**2 / (0.2**2 + error / 10)
    assert found.values[1] == pytest.approx(share * y.mean(), rel=1e-3)
    assert found.covariance[1, 1] == pytest.approx(0.2**2 * (1 - share), rel=0.02)
    assert 0.5 < share < 0.99


def test_a_prior_is_weighed_against_the_rows():
    y = np.array([1.9, 2.1, 1.7, 2.3, 2.0, 2.0])
    found = fit(simple(y, prior=0.0, prior_sd=0.2), deviation=1e-6)
    error = (found.cell_sd**2 + found.row_sd**2) / 6
    assert found.values[0] == pytest.approx(2 * 0.2**2 / (0.2**2 + error), rel=1e-3)
    assert found.values[0] < 1.99


def test_held_deviations_stay():
    problem, _ = data()
    held = changed(problem, effects=[levels(problem.effects[0].level, GROUPS, held=True)])
    assert fit(held, deviation=0.123).deviations == {"group": 0.123}


def test_no_deviation_falls_below_its_floor():
    problem, _ = data()
    level = np.arange(len(problem.y)) % 7  # groups that do not differ
    for floor in (0.02, 0.3):
        same = changed(problem, effects=[levels(level, 7, floor=floor)])
        assert floor <= fit(same).deviations["group"] < max(0.1, 1.01 * floor)


def test_errors_do_not_vanish():
    problem = simple(np.zeros(5))
    found = fit(problem)
    for _ in range(200):  # deviations may still move where what is expected does not
        found = fitted(problem, found, 1)
    assert found.row_sd == LEAST_OMEGA
    assert LEAST_OMEGA <= found.cell_sd < 0.03


def test_effects_on_two_terms_are_told_apart():
    generator = np.random.default_rng(5)
    x = np.tile([0.0, 1.0, 2.0, 3.0], 200)
    one, other = np.repeat(generator.integers(0, 20, 200), 4), np.repeat(generator.integers(0, 20, 200), 4)
    steps, slopes = generator.normal(0, 0.5, 20), generator.normal(0, 0.2, 20)

    def function(values, sums):
        ones = np.ones(len(x))
        expected = values[0] + sums["step"] + sums["slope"] * x
        return Expected(y=expected, by_parameter=ones[:, None], by_term={"step": ones, "slope": x})

    problem = Problem(
        y=function([1.0], {"step": steps[one], "slope": slopes[other]}).y + 0.1 * generator.normal(size=len(x)),
        function=function,
        prior=np.zeros(1),
        prior_sd=np.full(1, WIDE),
        effects=[levels(one, 20, name="a", term="step"), levels(other, 20, name="b", term="slope")],
        cell=np.arange(len(x)) // 4,
    )
    found = fit(problem)
    places = problem.slices()
    assert (places["a"], places["b"]) == (slice(1, 21), slice(21, 41))
    assert np.corrcoef(found.values[places["a"]], steps)[0, 1] > 0.98
    assert np.corrcoef(found.values[places["b"]], slopes)[0, 1] > 0.98
    assert found.deviations["b"] == pytest.approx(0.2, rel=0.4)


def test_sums_over_cells_are_those_of_the_matrix_of_all_derivatives():
    """Two effects on one term and one on another, compared with products of dense matrices."""
    generator = np.random.default_rng(4)
    cell = np.repeat(np.arange(6), [1, 2, 3, 1, 2, 2])
    acting = {"a": ("step", 3), "b": ("slope", 2), "c": ("step", 2)}
    effects = [
        levels(generator.integers(0, count, 6)[cell], count, name=name, term=term)
        for name, (term, count) in acting.items()
    ]
    problem = changed(simple(np.zeros(len(cell))), effects=effects, cell=cell, prior=np.zeros(2), prior_sd=np.ones(2))
    cells, width = _Cells.of(problem), 2
    slopes = generator.normal(size=(len(cell), 4))  # by two parameters and two terms
    weight, residual = generator.random(len(cell)), generator.normal(size=len(cell))
    dense = np.zeros((len(cell), 9))
    dense[:, :width] = slopes[:, :width]
    for effect, place in zip(effects, problem.slices().values(), strict=True):
        dense[np.arange(len(cell)), place.start + effect.level] += slopes[:, width + cells.terms.index(effect.term)]
    information = dense.T @ (weight[:, None] * dense)
    assert np.tril(cells.information(slopes, weight, width)) == pytest.approx(np.tril(information))
    assert cells.gradient(slopes, residual, width) == pytest.approx(dense.T @ residual)
    averages = _Whitening(cell, 0.1, 0.1).averages
    root = generator.normal(size=(9, 9))
    of_means = np.diag(averages @ dense @ root @ root.T @ (averages @ dense).T)
    assert cells.variances(averages @ slopes, root @ root.T, width) == pytest.approx(of_means)
    spread = information + np.eye(9)
    assert _inverse(np.tril(spread)) @ spread == pytest.approx(np.eye(9))


def test_effects_on_one_term_add_up():
    problem = simple(np.zeros(3), count=2, level=np.array([0, 1, 1]))
    both = changed(problem, effects=[problem.effects[0], levels([1, 0, 1], 2, name="other")])
    assert both.sums(np.array([9.0, 1, 2, 10, 20]))["shift"].tolist() == [21, 12, 22]


def test_start_is_the_prior():
    problem = simple(np.zeros(3), count=2, prior=4.0)
    assert problem.start({"group": 1.0}).values.tolist() == [4, 0, 0]


def covariance(cell, cell_sd, row_sd):
    return cell_sd**2 * (cell[:, None] == cell) + row_sd**2 * np.eye(len(cell))


def test_whitening_is_the_inverse_square_root_of_the_covariance():
    cell = np.array([0, 2, 0, 1, 2, 2])
    values, vectors = np.linalg.eigh(covariance(cell, 0.3, 0.1))
    assert _Whitening(cell, 0.3, 0.1)(np.eye(6)) == pytest.approx(vectors @ np.diag(values**-0.5) @ vectors.T)
    assert _Whitening(cell, 0.3, 0.1)(np.arange(6.0)) == pytest.approx(
        vectors @ np.diag(values**-0.5) @ vectors.T @ np.arange(6)
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.floats(0, 3), st.floats(0.05, 3))
def test_whitened_rows_have_the_unit_as_covariance(cells, cell_sd, row_sd):
    cell = np.unique(cells, return_inverse=True)[1]
    root = _Whitening(cell, cell_sd, row_sd)(np.eye(len(cell)))
    assert root @ covariance(cell, cell_sd, row_sd) @ root.T == pytest.approx(np.eye(len(cell)), abs=1e-8)


@pytest.mark.slow
@given(st.permutations(range(12)))
def test_order_of_rows_does_not_matter(order):
    y = np.linspace(-1, 2, 12) ** 2
    cell, order = np.repeat(np.arange(4), 3), np.array(order)
    problem = changed(simple(y, count=2, level=cell % 2), cell=cell)
    shuffled = changed(simple(y[order], count=2, level=cell[order] % 2), cell=cell[order])
    assert fit(shuffled, steps=3).values == pytest.approx(fit(problem, steps=3).values, abs=1e-8)
