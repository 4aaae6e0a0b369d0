"""From queries and energy to capacity: GPUs, nodes, megawatts, tonnes of CO2e and cubic metres of water.

Every argument may be a number or an array; arrays combine element by element.
"""

from inference_energy.common.conversions import (
    DAYS_PER_YEAR,
    G_PER_KG,
    GWH_PER_TWH,
    GWH_PER_WH,
    HOURS_PER_DAY,
    L_PER_M3,
    MWH_PER_GWH,
    SECONDS_PER_DAY,
    W_PER_MW,
)
from inference_energy.common.formulas import Quantity, formula


@formula(unit="queries per day", source="arithmetic")
def traditional_queries_per_day(*, queries_per_day: Quantity, long_share: Quantity) -> Quantity:
    """Queries of a day that are not long."""
    return queries_per_day * (1 - long_share)


@formula(unit="queries per day", source="arithmetic")
def long_queries_per_day(*, queries_per_day: Quantity, long_share: Quantity) -> Quantity:
    """Queries of a day that are long."""
    return queries_per_day * long_share


@formula(unit="GWh per day", source="arithmetic")
def energy_gwh_per_day(*, queries_per_day: Quantity, energy_wh: Quantity, overhead: Quantity = 1.0) -> Quantity:
    """Energy of a day: queries times mean energy per query times overhead.

    Args:
        queries_per_day: queries to serve.
        energy_wh: mean energy of a query, Wh.
        overhead: energy within the boundary asked for over that of `energy_wh`.
    """
    return queries_per_day * energy_wh * overhead * GWH_PER_WH


@formula(
    unit="GPUs",
    source="conservation of work (the utilisation law, Denning and Buzen 1978, https://doi.org/10.1145/356733.356735)",
)
def gpus_needed(*, queries_per_day: Quantity, gpu_seconds_per_query: Quantity, capacity: Quantity) -> Quantity:
    """GPUs of the replicas that are installed.

    Args:
        queries_per_day: queries to serve.
        gpu_seconds_per_query: GPU time of a query at the operating point, s.
        capacity: work of the day over what all installed replicas can do: the daily peak and headroom are in it.
    """
    return queries_per_day * gpu_seconds_per_query / (SECONDS_PER_DAY * capacity)


@formula(unit="nodes", source="arithmetic")
def nodes_needed(*, gpus: Quantity, gpus_per_node: Quantity) -> Quantity:
    """Nodes that hold so many GPUs.

    Not rounded up: these are ranges of fleets of thousands of nodes, where part of a node is far below what is known,
    and a rounded figure would no longer be proportional to the queries.
    """
    return gpus / gpus_per_node


@formula(unit="MW", source="arithmetic")
def average_power_mw(*, energy_gwh_per_day: Quantity) -> Quantity:
    """Power averaged over the day."""
    return energy_gwh_per_day * MWH_PER_GWH / HOURS_PER_DAY


@formula(unit="MW", source="arithmetic")
def power_mw(*, power_w: Quantity) -> Quantity:
    """Power in megawatts."""
    return power_w / W_PER_MW


@formula(unit="TWh per year", source="arithmetic")
def energy_twh_per_year(*, energy_gwh_per_day: Quantity) -> Quantity:
    """Energy of 365 such days."""
    return energy_gwh_per_day * DAYS_PER_YEAR / GWH_PER_TWH


@formula(
    unit="t CO2e per day",
    source="GHG Protocol Scope 2 Guidance, location-based method, https://ghgprotocol.org/scope-2-guidance",
)
def emissions_t_per_day(*, energy_gwh_per_day: Quantity, carbon_gco2e_per_kwh: Quantity) -> Quantity:
    """Greenhouse gases of the facility's electricity, location-based.

    GWh x g/kWh = t (1 GWh at 400 g/kWh is 400 t): 1 GWh is 1e6 kWh and 1 t is 1e6 g. With a life-cycle factor the
    result holds Scope 2 and the upstream part of the electricity (Scope 3, category 3) together; building the hardware
    is in neither.
    """
    return energy_gwh_per_day * carbon_gco2e_per_kwh


@formula(unit="kg CO2e per kWh", source="arithmetic")
def emissions_kg_per_kwh(*, carbon_gco2e_per_kwh: Quantity) -> Quantity:
    """Greenhouse gases of a kWh of the facility's electricity."""
    return carbon_gco2e_per_kwh / G_PER_KG


@formula(
    unit="L per kWh",
    source="The Green Grid, White Paper 35 (WUE: litres on site per kWh of IT energy); Li et al., arXiv 2304.03271"
    " (off-site water per kWh of facility energy)",
)
def water_l_per_kwh(*, pue: Quantity, onsite_l_per_kwh: Quantity, offsite_l_per_kwh: Quantity) -> Quantity:
    """Water of cooling and of electricity per kWh of the facility: WUE_onsite / PUE + WUE_offsite.

    Args:
        pue: facility energy per IT energy; 1 where the energy is that of the IT alone.
        onsite_l_per_kwh: water used on site per kWh of IT energy, L/kWh.
        offsite_l_per_kwh: water consumed by power plants per kWh of electricity, L/kWh.
    """
    # ASSUME: water on site and water of power plants may be added, although operators differ in whether their WUE is
    # of water withdrawn or consumed. Source: arXiv 2304.03271, which adds them.
    return onsite_l_per_kwh / pue + offsite_l_per_kwh


@formula(unit="m3 per kWh", source="arithmetic")
def water_m3_per_kwh(*, pue: Quantity, onsite_l_per_kwh: Quantity, offsite_l_per_kwh: Quantity) -> Quantity:
    """Water of a kWh within a boundary, as `water_l_per_kwh`."""
    return water_l_per_kwh(pue=pue, onsite_l_per_kwh=onsite_l_per_kwh, offsite_l_per_kwh=offsite_l_per_kwh) / L_PER_M3


@formula(unit="m3 per day", source="arithmetic")
def water_m3_per_day(
    *, energy_gwh_per_day: Quantity, pue: Quantity, onsite_l_per_kwh: Quantity, offsite_l_per_kwh: Quantity
) -> Quantity:
    """Water of a day's energy of the facility, PUE included, as `water_l_per_kwh`: 1 GWh at 1 L/kWh is 1000 m3."""
    return (
        energy_gwh_per_day
        * 1000
        * water_l_per_kwh(pue=pue, onsite_l_per_kwh=onsite_l_per_kwh, offsite_l_per_kwh=offsite_l_per_kwh)
    )
