"""Energy per GPU-second of a serving fleet, by boundary: from the boards to the whole fleet."""

import numpy as np

from inference_energy.energy.assumptions import Assumptions, _overhead
from inference_energy.energy.uncertainty import Shared


def overhead_share(given: Assumptions, shared: Shared) -> np.ndarray:
    """Sum of the overheads that are switched on, share of the datacenter's energy for the serving nodes."""
    return sum((shared.values[_overhead(name)] for name in given.overheads), start=np.zeros(()))


def powers_w(
    given: Assumptions, shared: Shared, model: str, gpu: str, load: np.ndarray | float
) -> dict[str, np.ndarray]:
    """Power per GPU that serves a model, at a load, within each boundary, W.

    `gpu_boards`: boards alone; `node`: with everything else in the node; `datacenter`: times PUE; `fleet`: with the
    overheads. A rated node cannot be told apart: its boards count as all of it.
    """
    if given.rated_w:
        boards = node = given.rated_w[model] * shared.values["utilisation"]
    else:
        power = given.power[gpu]
        boards = power.boards_at(load, shared.once("boards", gpu, power.board_saturated.quantile))
        node = boards + power.host_at(load, shared.once("host", gpu, power.host_saturated.quantile))
    datacenter = node * shared.values["pue"]
    fleet = datacenter * (1 + overhead_share(given, shared))
    return {"gpu_boards": boards, "node": node, "datacenter": datacenter, "fleet": fleet}


def wh_per_gpu_second(given: Assumptions, shared: Shared, model: str, gpu: str) -> dict[str, np.ndarray]:
    """Energy that goes with one GPU-second of a saturated server, within each boundary, Wh: P / (load attainment 3600).

    A fleet that is busy for a share `load` of the time, and then attains a share of the offline throughput, spends
    1 / (load attainment) seconds of power on every second of work; idle power is thereby charged to the queries.
    """
    # ASSUME: a node that is busy draws its saturated power also where a latency limit keeps it from its offline
    # throughput: MLPerf's server runs draw 0.96 to 1.02 of the offline ones at the wall (six pairs).
    load = shared.values["load"]
    served = load * shared.values["attainment"] * 3600
    return {boundary: power / served for boundary, power in powers_w(given, shared, model, gpu, load).items()}
