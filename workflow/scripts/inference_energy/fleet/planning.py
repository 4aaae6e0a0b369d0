"""From queries and energy to what a planner asks for: GPUs, nodes, megawatts, tonnes of CO2e and cubic metres of water.

Every argument may be a number or an array; arrays combine element by element.
"""

import numpy as np

SECONDS_PER_DAY = 86_400
HOURS_PER_DAY = 24
DAYS_PER_YEAR = 365

Quantity = float | np.ndarray


def gpus_needed(
    *, queries_per_day: Quantity, gpu_seconds_per_query: Quantity, attainment: Quantity, load: Quantity
) -> Quantity:
    """GPUs of serving nodes that are busy a share `load` of the time, at `attainment` of their offline maximum.

    GPUs = queries per day x GPU-seconds / (86,400 s x load x attainment). Source: conservation of work (the
    utilisation law, Denning and Buzen 1978, https://doi.org/10.1145/356733.356735).

    Args:
        queries_per_day: queries to serve.
        gpu_seconds_per_query: GPU time of a query at the offline maximum of throughput, s.
        attainment: throughput of a busy node in service over its offline maximum, more than 0, at most 1.
        load: share of the time that the nodes are busy, averaged over the day, more than 0, at most 1.
    """
    # ASSUME: the fleet is sized by the day's queries alone; the daily peak, spares and failures are in `load`.
    return queries_per_day * gpu_seconds_per_query / (SECONDS_PER_DAY * load * attainment)


def nodes_needed(*, gpus: Quantity, gpus_per_node: Quantity) -> Quantity:
    """Nodes that hold so many GPUs: gpus / gpus_per_node.

    Not rounded up: these are ranges of fleets of thousands of nodes, where part of a node is far below what is known,
    and a rounded figure would no longer be proportional to the queries. Source: arithmetic.
    """
    return gpus / gpus_per_node


def average_power_mw(*, energy_gwh_per_day: Quantity) -> Quantity:
    """Power averaged over the day, in MW: GWh per day x 1000 / 24 h. Source: arithmetic."""
    return energy_gwh_per_day * 1000 / HOURS_PER_DAY


def peak_power_mw(
    *, nodes: Quantity, node_saturated_power_kw: Quantity, pue: Quantity, overhead_share: Quantity
) -> Quantity:
    """Power when all nodes are busy at once, in MW: what the grid connection must carry.

    P = nodes x P_saturated [kW] x PUE x (1 + overhead) / 1000. Source: definition of PUE, ISO/IEC 30134-2.

    Args:
        nodes: nodes of the fleet.
        node_saturated_power_kw: power of a saturated node at the wall, kW.
        pue: facility energy per IT energy.
        overhead_share: IT power beyond these nodes as a share of theirs (0.1: a tenth more).
    """
    # ASSUME: the PUE of the year holds at the peak; on the hottest hours it is higher.
    # ASSUME: everything beside the serving nodes peaks with them and has the same PUE.
    return nodes * node_saturated_power_kw * pue * (1 + overhead_share) / 1000


def energy_twh_per_year(*, energy_gwh_per_day: Quantity) -> Quantity:
    """Energy of 365 such days, in TWh: GWh per day x 365 / 1000. Source: arithmetic."""
    return energy_gwh_per_day * DAYS_PER_YEAR / 1000


def emissions_t_per_day(*, energy_gwh_per_day: Quantity, carbon_gco2e_per_kwh: Quantity) -> Quantity:
    """Greenhouse gases of the facility's electricity, location-based, in t CO2e per day.

    GWh x g/kWh = t (1 GWh at 400 g/kWh is 400 t). Source: GHG Protocol Scope 2 Guidance, location-based method,
    https://ghgprotocol.org/scope-2-guidance. With a life-cycle factor the result holds Scope 2 and the upstream part
    of the electricity (Scope 3, category 3) together; building the hardware is in neither.
    """
    # 1 GWh is 1e6 kWh and 1 t is 1e6 g: the factors cancel.
    return energy_gwh_per_day * carbon_gco2e_per_kwh


def water_m3_per_day(
    *, energy_gwh_per_day: Quantity, pue: Quantity, onsite_l_per_kwh: Quantity, offsite_l_per_kwh: Quantity
) -> Quantity:
    """Water of the datacenter's cooling and of its electricity, in cubic metres per day.

    W = 1000 E (WUE_onsite / PUE + WUE_offsite), E the facility's energy in GWh. Sources: The Green Grid, White Paper
    35 (WUE: litres on site per kWh of IT energy, that is of E / PUE); Li et al., arXiv 2304.03271 (off-site water per
    kWh of facility energy).

    Args:
        energy_gwh_per_day: energy of the facility, PUE included, GWh per day.
        pue: facility energy per IT energy.
        onsite_l_per_kwh: water used on site per kWh of IT energy, L/kWh.
        offsite_l_per_kwh: water consumed by power plants per kWh of electricity, L/kWh.
    """
    # ASSUME: water on site and water of power plants may be added, although operators differ in whether their WUE is
    # of water withdrawn or consumed. Source: arXiv 2304.03271, which adds them.
    litres_per_kwh = onsite_l_per_kwh / pue + offsite_l_per_kwh
    return energy_gwh_per_day * 1000 * litres_per_kwh  # 1 GWh at 1 L/kWh is 1e6 L, 1000 m3


GWH_PER_WH = 1e-9
