"""Share of offline throughput that a service attains, from pairs of rows."""

import numpy as np

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node
from inference_energy.explain.trace import Traced, leaf, named
from inference_energy.throughput import attainment
from inference_energy.throughput.fits import PER_GPU

FLEET, FITTED = "fleet over offline", "chat run over offline fit"
ENDS = {"ratio_low": 0, "ratio": 1, "ratio_high": 2}


def explained(asked: Asked) -> Node:
    """A number of `attainment_pairs`."""
    row, column = asked.row, asked.column
    key = {"source": row["source"], "row_id": row["row_id"]}
    if column in ("gpus", "output_tokens"):
        return asked.node(children=[asked.corpus_row(row)])
    attained = leaf(asked.look_up("throughput", PER_GPU, "online", **key))
    if column == "attained_tok_per_s_per_gpu":
        return asked.follows(attained)
    if row["kind"] == FITTED:
        offline = _fitted(asked, ENDS.get(column, 1))
    else:
        source, _, row_id = row["reference"].partition("/")
        offline = leaf(asked.look_up("throughput", PER_GPU, "offline", source=source, row_id=row_id))
    if column == "offline_tok_per_s_per_gpu":
        return asked.follows(offline)
    ratio, found = attained / offline, {"note": row["basis"]}
    if row["kind"] != FLEET:
        return asked.follows(ratio, **found)
    gpu = asked.build.row("throughput", source=source, row_id=row_id)["gpu"]
    advantage = _bandwidth(asked, gpu, "bw_offline") / _bandwidth(asked, row["gpu"], "bw_online")
    ratio = {
        "ratio": ratio * np.sqrt(advantage),
        "ratio_low": np.minimum(ratio, ratio * advantage),
        "ratio_high": np.maximum(ratio, ratio * advantage),
    }[column]
    return asked.follows(ratio, *assumed(attainment), **found)


def _fitted(asked: Asked, place: int) -> Traced:
    """Offline throughput by the fit of a configuration, at the answer length of the run and an assumed prompt."""
    row = asked.row
    run = asked.corpus_row(row, value=row["output_tokens"], symbol="L_out")
    label = "prompt length, which the source does not state: 100, 300 or 1,000"
    facts = {"value": attainment.CHAT_INPUT_TOKENS[place], "unit": "tokens", "children": assumed(attainment)}
    prompt = constant(attainment, "CHAT_INPUT_TOKENS", label, symbol="L_in", **facts)
    speed = curves.traced_seconds(asked, row["reference"]).tok_per_s(leaf(prompt), leaf(run))
    return named(speed, f"offline throughput by the fit of {row['reference']}", "offline", unit="tok/s per GPU")


def _bandwidth(asked: Asked, gpu: str, symbol: str) -> Traced:
    return leaf(asked.resource("hardware.csv", {"gpu": gpu}, "memory_bandwidth_gb_per_s", symbol=symbol, label=gpu))
