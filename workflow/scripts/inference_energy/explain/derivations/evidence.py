"""Evidence: pairs of runs that differ in one intervention, and measured power of GPU boards behind adopted ranges."""

from inference_energy.energy import intervention_evidence
from inference_energy.explain.asked import Asked
from inference_energy.explain.step import Node
from inference_energy.throughput.fits import PER_GPU

ENERGY = "energy_j_per_output_token"
ROW = ("source", "row_id")


def pair(asked: Asked) -> Node:
    """A number of `intervention_pairs`."""
    row, column = asked.row, asked.column
    after = {name: row[name] for name in ROW}
    if column == "batch":
        return asked.same(asked.look_up("serving_runs", column, **after))
    before = {name: row[f"reference_{name}"] for name in ROW}
    if column == "measured_multiplier":
        of = {"table": "measured_energy", "column": ENERGY, "boundary": "gpu_boards"}
    else:
        known = {"score": intervention_evidence.SCORE, "left_out": intervention_evidence.LEFT_OUT}
        of = {"table": "held_out", "column": "predicted_p50"} | known
    runs = [asked.look_up(symbol=name, **of, **key) for name, key in (("before", before), ("after", after))]
    return asked.node("before / after", runs, note=row["basis"])


def board_share(asked: Asked) -> Node:
    """A number of `board_power_shares`."""
    row, column = asked.row, asked.column
    if column == "tdp_w":
        return asked.same(_tdp(asked, row["gpu"], "TDP"))
    if column == "board_share_of_tdp":
        return asked.of_columns("J * TPS / TDP", {"J": ENERGY, "TPS": PER_GPU, "TDP": "tdp_w"})
    run = {name: row[name] for name in ROW}
    return asked.same(asked.look_up("measured_energy", column, boundary="gpu_boards", **run))


def _tdp(asked: Asked, gpu: str, symbol: str) -> Node:
    return asked.resource("hardware.csv", {"gpu": gpu}, "tdp_w", symbol=symbol, label=f"TDP, {gpu}", unit="W")
