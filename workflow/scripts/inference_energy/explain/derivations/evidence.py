"""Evidence: pairs of runs that differ in one intervention, and measured power of GPU boards behind adopted ranges."""

from inference_energy.common.step import Node
from inference_energy.energy import intervention_evidence
from inference_energy.explain.asked import Asked

ENERGY = "energy_j_per_output_token"


def pair(asked: Asked) -> Node:
    """A number of `intervention_pairs`."""
    row, column = asked.row, asked.column
    if column == "batch":
        return asked.same(asked.look_up("serving_runs", column, **asked.run))
    before = {name: row[f"reference_{name}"] for name in asked.run}
    if column == "measured_multiplier":
        of = {"table": "measured_energy", "column": ENERGY, "boundary": "gpu_boards"}
    else:
        known = {"score": intervention_evidence.SCORE, "left_out": intervention_evidence.LEFT_OUT}
        of = {"table": "held_out", "column": "predicted_p50"} | known
    runs = [asked.look_up(symbol=name, **of, **key) for name, key in (("before", before), ("after", asked.run))]
    return asked.node("before / after", runs, note=row["basis"])


def board_share(asked: Asked) -> Node:
    """A number of `board_power_shares`."""
    row, column = asked.row, asked.column
    if column == "tdp_w":
        cell = asked.resource("hardware.csv", {"gpu": row["gpu"]}, column, label=f"TDP, {row['gpu']}", unit="W")
        return asked.same(cell)
    return asked.same(asked.look_up("measured_energy", column, boundary="gpu_boards", **asked.run))
