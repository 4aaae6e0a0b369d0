"""Energy per GPU-second of a serving fleet, by boundary: from the boards to the whole fleet."""

import numpy as np

from inference_energy.common.conversions import SECONDS_PER_HOUR
from inference_energy.common.formulas import Quantity, formula
from inference_energy.energy.assumptions import Assumptions, _overhead
from inference_energy.energy.power import datacenter_power_w, fleet_power_w, node_power_w, used_power_w
from inference_energy.energy.uncertainty import Shared


@formula(unit="Wh per GPU-second", source="arithmetic")
def energy_per_gpu_second_wh(*, power_w: Quantity, load: Quantity, attainment: Quantity) -> Quantity:
    """Energy that goes with one GPU-second of a saturated server.

    A fleet that is busy for a share `load` of the time, and then attains a share of the offline throughput, spends
    1 / (load attainment) seconds of power on every second of work; idle power is thereby charged to the queries.

    Args:
        power_w: mean power per GPU at that load, W.
        load: share of the time that nodes are busy.
        attainment: throughput of a busy node over its offline maximum.
    """
    # ASSUME: a node that is busy draws its saturated power also where a latency limit keeps it from its offline
    # throughput: MLPerf's server runs draw 0.96 to 1.02 of the offline ones at the wall (six pairs).
    return power_w / (load * attainment * SECONDS_PER_HOUR)


def overhead_share(given: Assumptions, shared: Shared) -> np.ndarray:
    """Sum of the overheads that are switched on, share of the datacenter's energy for the serving nodes."""
    return sum((shared.values[_overhead(name)] for name in given.overheads), start=np.zeros(()))


def powers_w(given: Assumptions, shared: Shared, model: str, gpu: str, load: Quantity) -> dict[str, np.ndarray]:
    """Power per GPU that serves a model, at a load, within each boundary, W.

    `gpu_boards`: boards alone; `node`: with everything else in the node; `datacenter`: times PUE; `fleet`: with the
    overheads. A rated node cannot be told apart: its boards count as all of it.
    """
    if given.rated_w:
        boards = node = used_power_w(rated_w=given.rated_w[model], utilisation=shared.values["utilisation"])
    else:
        power = given.power[gpu]
        boards = power.boards_at(load, shared.once("boards", gpu, power.board_saturated.quantile))
        host = power.host_at(load, shared.once("host", gpu, power.host_saturated.quantile))
        node = node_power_w(boards_w=boards, host_w=host)
    return by_boundary_w(boards, node, shared.values["pue"], overhead_share(given, shared))


def by_boundary_w(boards: Quantity, node: Quantity, pue: Quantity, overheads: Quantity) -> dict[str, Quantity]:
    """Power within each boundary, W, from that of the boards and of the node."""
    datacenter = datacenter_power_w(node_w=node, pue=pue)
    fleet = fleet_power_w(datacenter_w=datacenter, overhead_share=overheads)
    return {"gpu_boards": boards, "node": node, "datacenter": datacenter, "fleet": fleet}


def wh_per_gpu_second(given: Assumptions, shared: Shared, model: str, gpu: str) -> dict[str, np.ndarray]:
    """Energy that goes with one GPU-second of a saturated server, within each boundary, Wh."""
    load, attainment = shared.values["load"], shared.values["attainment"]
    return {
        boundary: energy_per_gpu_second_wh(power_w=power, load=load, attainment=attainment)
        for boundary, power in powers_w(given, shared, model, gpu, load).items()
    }
