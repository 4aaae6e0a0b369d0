"""Planning figures by hand, at their limits, and in proportion to what they are made of."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from inference_energy.fleet import planning

QUERIES = st.floats(1, 1e12)
SECONDS = st.floats(1e-3, 1e4)
SHARE = st.floats(0.01, 1)
FACTOR = st.floats(0.01, 100)
ENERGY = st.floats(1e-6, 1e4)
PUE = st.floats(1, 3)
LITRES = st.floats(0, 100)


# By hand.


def test_gpus_by_hand():
    # 864 million GPU-seconds a day are 10,000 GPUs day and night; half of their capacity takes twice as many.
    arguments = {"queries_per_day": 864e6, "gpu_seconds_per_query": 1}
    assert planning.gpus_needed(**arguments, capacity=1) == pytest.approx(10_000)
    assert planning.gpus_needed(**arguments, capacity=0.5) == pytest.approx(20_000)


def test_queries_by_hand():
    given = {"queries_per_day": 1000, "long_share": 0.1}
    assert planning.traditional_queries_per_day(**given) == 900
    assert planning.long_queries_per_day(**given) == 100


def test_energy_of_a_day_by_hand():
    assert planning.energy_gwh_per_day(queries_per_day=2e9, energy_wh=0.3) == pytest.approx(0.6)
    assert planning.energy_gwh_per_day(queries_per_day=2e9, energy_wh=0.3, overhead=1.5) == pytest.approx(0.9)


def test_nodes_are_not_rounded():
    assert planning.nodes_needed(gpus=40_000, gpus_per_node=8) == 5000
    assert planning.nodes_needed(gpus=1, gpus_per_node=8) == 0.125


def test_powers_by_hand():
    assert planning.average_power_mw(energy_gwh_per_day=0.24) == pytest.approx(10)
    assert planning.power_mw(power_w=55e6) == pytest.approx(55)


def test_year_by_hand():
    assert planning.energy_twh_per_year(energy_gwh_per_day=10) == pytest.approx(3.65)


def test_emissions_by_hand():
    assert planning.emissions_t_per_day(energy_gwh_per_day=1, carbon_gco2e_per_kwh=400) == pytest.approx(400)
    assert planning.emissions_t_per_day(energy_gwh_per_day=0.5, carbon_gco2e_per_kwh=44) == pytest.approx(22)


@pytest.mark.parametrize(
    ("pue", "onsite", "offsite", "m3"),
    # 1.2 GWh of a facility with PUE 1.2 are 1 GWh of IT: 0.5 L/kWh of it are 500 m3; 3 L/kWh of 1.2 GWh are 3600 m3.
    [(1.2, 0.5, 0, 500), (1.2, 0, 3, 3600), (1.2, 0.5, 3, 4100), (1, 1, 0, 1200)],
)
def test_water_by_hand(pue, onsite, offsite, m3):
    assert planning.water_m3_per_day(
        energy_gwh_per_day=1.2, pue=pue, onsite_l_per_kwh=onsite, offsite_l_per_kwh=offsite
    ) == pytest.approx(m3)


# Limits.


def test_no_queries_need_nothing():
    gpus = planning.gpus_needed(queries_per_day=0, gpu_seconds_per_query=5, capacity=0.5)
    assert gpus == planning.nodes_needed(gpus=gpus, gpus_per_node=8) == 0


def test_no_energy_has_no_power_emissions_or_water():
    assert planning.average_power_mw(energy_gwh_per_day=0) == 0
    assert planning.energy_twh_per_year(energy_gwh_per_day=0) == 0
    assert planning.emissions_t_per_day(energy_gwh_per_day=0, carbon_gco2e_per_kwh=400) == 0
    assert planning.water_m3_per_day(energy_gwh_per_day=0, pue=1.2, onsite_l_per_kwh=1, offsite_l_per_kwh=3) == 0


def test_clean_grid_and_dry_cooling():
    assert planning.emissions_t_per_day(energy_gwh_per_day=1, carbon_gco2e_per_kwh=0) == 0
    assert planning.water_m3_per_day(energy_gwh_per_day=1, pue=1.2, onsite_l_per_kwh=0, offsite_l_per_kwh=0) == 0


def test_unknown_stays_unknown():
    assert np.isnan(planning.emissions_t_per_day(energy_gwh_per_day=np.nan, carbon_gco2e_per_kwh=400))


def test_arrays_go_element_by_element():
    gpus = planning.gpus_needed(
        queries_per_day=86_400, gpu_seconds_per_query=np.array([1.0, 2.0]), capacity=np.array([0.5, 0.25])
    )
    assert gpus == pytest.approx([2, 8])
    assert planning.nodes_needed(gpus=gpus, gpus_per_node=8) == pytest.approx([0.25, 1])
    water = planning.water_m3_per_day(
        energy_gwh_per_day=np.array([1.0, 2.0]), pue=1.0, onsite_l_per_kwh=1.0, offsite_l_per_kwh=np.array([0.0, 1.0])
    )
    assert water == pytest.approx([1000, 4000])


# Properties.


@given(QUERIES, SECONDS, SHARE, FACTOR)
def test_gpus_are_linear_in_queries_and_in_their_seconds_and_do_the_work(queries, seconds, capacity, factor):
    once = planning.gpus_needed(queries_per_day=queries, gpu_seconds_per_query=seconds, capacity=capacity)
    more = planning.gpus_needed(queries_per_day=factor * queries, gpu_seconds_per_query=seconds, capacity=capacity)
    longer = planning.gpus_needed(queries_per_day=queries, gpu_seconds_per_query=factor * seconds, capacity=capacity)
    assert (more, longer) == pytest.approx((factor * once, factor * once))
    assert once * 86_400 * capacity / seconds == pytest.approx(queries)


@given(ENERGY, st.floats(0, 2000), FACTOR)
def test_emissions_are_linear_in_energy_and_in_the_grid(energy, carbon, factor):
    once = planning.emissions_t_per_day(energy_gwh_per_day=energy, carbon_gco2e_per_kwh=carbon)
    more = planning.emissions_t_per_day(energy_gwh_per_day=factor * energy, carbon_gco2e_per_kwh=carbon)
    dirtier = planning.emissions_t_per_day(energy_gwh_per_day=energy, carbon_gco2e_per_kwh=factor * carbon)
    assert (more, dirtier) == pytest.approx((factor * once, factor * once))


@given(ENERGY, PUE, LITRES, LITRES)
def test_water_is_on_site_plus_off_site(energy, pue, onsite, offsite):
    def water(on, off):
        return planning.water_m3_per_day(energy_gwh_per_day=energy, pue=pue, onsite_l_per_kwh=on, offsite_l_per_kwh=off)

    assert water(onsite, offsite) == pytest.approx(water(onsite, 0) + water(0, offsite))


@given(ENERGY, PUE, LITRES, LITRES)
def test_water_agrees_with_the_published_form(it_energy, pue, onsite, offsite):
    """Li et al. start from the servers' energy: E_IT (WUE_onsite + PUE WUE_offsite)."""
    water = planning.water_m3_per_day(
        energy_gwh_per_day=it_energy * pue, pue=pue, onsite_l_per_kwh=onsite, offsite_l_per_kwh=offsite
    )
    assert water == pytest.approx(1000 * it_energy * (onsite + pue * offsite))


@given(ENERGY)
def test_average_power_over_a_year_is_the_energy_of_a_year(energy):
    mwh = planning.average_power_mw(energy_gwh_per_day=energy) * 365 * 24
    assert planning.energy_twh_per_year(energy_gwh_per_day=energy) == pytest.approx(mwh / 1e6)
