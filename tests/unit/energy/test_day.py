"""The day of a service: requests by hour, replicas kept, and power between points, by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from inference_energy.energy import day
from inference_energy.energy.day import Day
from messages import message_of

FUZZ = settings(max_examples=50, derandomize=True)
RATES = np.array([1.5, 0.5])


def of(headroom=1.0, released=0.0, rates=RATES):
    return Day.of(np.array(rates), np.atleast_1d(headroom), np.atleast_1d(released))


def test_a_day_by_hand():
    # The busiest hour has 1.5 and all replicas can do 3: half and a sixth of them are needed.
    found = of(headroom=2.0, released=0.5)
    assert found.needed[:, 0] == pytest.approx([1 / 2, 1 / 6])
    assert found.kept[:, 0] == pytest.approx([3 / 4, 7 / 12])
    assert found.work[:, 0] == pytest.approx([2 / 3, 2 / 7])
    assert found.capacity == pytest.approx([1 / 3])
    assert found.load == pytest.approx([(1 / 3) / (2 / 3)])


def test_without_headroom_all_replicas_work_in_the_busiest_hour():
    found = of()
    assert found.work[:, 0] == pytest.approx([1, 1 / 3])
    assert (found.kept == 1).all()


def test_replicas_that_are_released_leave_the_others_full():
    found = of(headroom=3.0, released=1.0)
    assert found.kept == pytest.approx(found.needed)
    assert found.work[:, 0] == pytest.approx([1, 1])
    assert found.load == pytest.approx([1])


def test_constant_arrivals_without_headroom_are_a_load_of_1():
    assert of(rates=np.ones(24)).load == pytest.approx([1])


def test_an_hour_without_requests_needs_nothing():
    found = of(released=[1.0, 0.0, 0.5], headroom=[1.0, 1.0, 1.0], rates=[2.0, 0.0])
    assert found.work[1] == pytest.approx([0, 0, 0])
    assert found.kept[1] == pytest.approx([0, 1, 0.5])
    assert np.isfinite(found.load).all()
    assert found.load == pytest.approx([1, 0.5, 0.5 / 0.75])


def test_a_column_per_draw():
    assert of(headroom=[1.0, 2.0], released=[0.0, 1.0]).work.shape == (2, 2)
    both = of(headroom=[1.0, 2.0], released=[0.0, 1.0])
    assert both.work[:, 1] == pytest.approx(of(headroom=2.0, released=1.0).work[:, 0])


@FUZZ
@given(
    st.lists(st.floats(0, 10), min_size=1, max_size=24).filter(lambda rates: max(rates) > 0.01),
    st.floats(1, 4),
    st.floats(0, 1),
)
def test_shares_are_shares_and_conserve_work(rates, headroom, released):
    found = of(headroom, released, rates)
    for share in (found.needed, found.kept, found.work):
        assert (share >= 0).all() and (share <= 1 + 1e-9).all()
    assert found.kept * found.work == pytest.approx(found.needed)
    assert (found.kept >= found.needed * (1 - 1e-9)).all()


def test_energy_per_gpu_second_by_hand():
    # 720 W for an hour, half of it work: 1,800 s.
    assert day.energy_per_gpu_second_wh(power_w=720.0, load=0.5) == pytest.approx(720 / 1800)


def test_hours_are_work_of_a_replica_and_share_that_is_on():
    ((work, kept),) = of(headroom=2.0, released=0.5).hours(members=1)
    assert work.shape == kept.shape == (2, 1, 1)
    assert (work * kept).ravel() == pytest.approx([1 / 2, 1 / 6])
    assert kept.ravel() == pytest.approx([3 / 4, 7 / 12])


def test_hours_of_many_members_come_one_by_one():
    hours = list(of(headroom=2.0, released=0.5).hours(members=10**6))
    assert [float(work[0, 0, 0]) for work, _ in hours] == pytest.approx([2 / 3, 2 / 7])


# Requests by hour.

SERVICES = pl.DataFrame(
    [("chat", hour, 2.0 if hour % 24 == 5 else 1.0) for hour in range(48)]
    + [("growing", hour, 1.0 if hour < 24 else 3.0) for hour in range(48)],
    schema=["workload", "hour", "relative_rate"],
    orient="row",
)


def test_rates_are_over_their_mean_hour_by_hour():
    found = day.rates("chat", SERVICES, "here")
    assert found[5] == pytest.approx(2 / (25 / 24))
    assert found[4] == pytest.approx(1 / (25 / 24))
    assert found.mean() == pytest.approx(1)
    assert day.rates("growing", SERVICES, "here") == pytest.approx(np.ones(24))
    assert day.rates("chat", SERVICES[::-1], "here") == pytest.approx(found)


def test_no_arrivals_are_constant_ones():
    assert day.rates(None, SERVICES, "here").tolist() == [1.0] * 24


def test_unknown_arrivals():
    found = message_of(day.rates, "chats", SERVICES, "own.yaml: day.arrivals")
    assert found.startswith("own.yaml: day.arrivals: found 'chats'; allowed: one of 2 names, such as chat")


# Power between points.


def column(*values):
    return np.array(values, dtype=float)[:, None, None]


@pytest.mark.parametrize(
    ("at", "expected"), [(0.0, 1.0), (0.25, 2.0), (0.5, 3.0), (0.75, 3.5), (1.0, 4.0), (1.0 + 1e-12, 4.0)]
)
def test_interpolation_by_hand(at, expected):
    found = day.interpolation(column(0, 0.5, 1), column(1, 3, 4))(np.array([[at]]))
    assert found == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
def test_points_at_one_place_are_a_step():
    places, values = column(0, 1, 1, 1), column(1, 5, 5, 5)
    assert day.interpolation(places, values)(np.array([[0.5]])) == pytest.approx(3)
    assert day.interpolation(places, values)(np.array([[1.0]])) == pytest.approx(5)


def test_interpolation_is_that_of_numpy_for_every_draw_and_member():
    generator = np.random.default_rng(1)
    places = np.sort(generator.random((5, 6, 2)), axis=0)
    places[0], places[-1] = 0, 1
    values, at = generator.random((5, 6, 2)), generator.random((6, 1))
    found = day.interpolation(places, values)(at)
    for draw in range(6):
        for member in range(2):
            expected = np.interp(at[draw, 0], places[:, draw, member], values[:, draw, member])
            assert found[draw, member] == pytest.approx(expected)
