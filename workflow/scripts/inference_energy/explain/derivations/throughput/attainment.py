"""Share of offline throughput that a service attains, from pairs of rows."""

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node, computed
from inference_energy.throughput import attainment

FLEET, FITTED = "fleet over offline", "chat run over offline fit"
ENDS = {"ratio_low": 0, "ratio": 1, "ratio_high": 2}


def explained(asked: Asked) -> Node:
    """A number of `attainment_pairs`."""
    row, column = asked.row, asked.column
    online = asked.corpus_row(row["source"], row["row_id"])
    if column in ("gpus", "output_tokens"):
        return asked.node(children=[online])
    name = {"source": row["source"], "row_id": row["row_id"]}
    attained = asked.look_up("throughput", "output_tok_per_s_per_gpu", "online", **name)
    if column == "attained_tok_per_s_per_gpu":
        return asked.node("online", [attained])
    if row["kind"] == FITTED:
        offline = _fitted(asked, ENDS.get(column, 1))
    else:
        source, _, row_id = row["reference"].partition("/")
        reference = asked.build.row("throughput", source=source, row_id=row_id)
        offline = asked.of("throughput", reference, "output_tok_per_s_per_gpu", "offline")
        if row["kind"] == FLEET and column.startswith("ratio"):
            return _of_a_fleet(asked, attained, offline, reference)
    if column == "offline_tok_per_s_per_gpu":
        return asked.node("offline", [offline])
    return asked.node("online / offline", [attained, offline], note=row["basis"])


def _fitted(asked: Asked, place: int) -> Node:
    """Offline throughput by the fit of a configuration, at the answer length of the run and an assumed prompt."""
    row = asked.row
    fit = asked.build.row("throughput_configurations", configuration=row["reference"])
    columns = {"a": "prefill_s_per_token", "b": "decode_s_per_token", "c": "attention_s_per_token2", "g": "kv_growth"}
    run = asked.corpus_row(row["source"], row["row_id"], value=row["output_tokens"], symbol="L_out")
    prompt = attainment.CHAT_INPUT_TOKENS[place]
    label = "prompt length, which the source does not state: 100, 300 or 1,000"
    return computed(
        f"offline throughput by the fit of {row['reference']}",
        curves.TOK_PER_S_PER_GPU,
        [
            *(asked.of("throughput_configurations", fit, column, symbol) for symbol, column in columns.items()),
            constant(attainment, "CHAT_INPUT_TOKENS", prompt, label, unit="tokens", symbol="L_in"),
            run,
            *assumed(attainment),
        ],
        symbol="offline",
        unit="tok/s per GPU",
    )


def _of_a_fleet(asked: Asked, attained: Node, offline: Node, reference: dict) -> Node:
    bandwidths = [
        asked.resource("hardware.csv", {"gpu": gpu}, "memory_bandwidth_gb_per_s", symbol=symbol, label=gpu)
        for symbol, gpu in (("bw_offline", reference["gpu"]), ("bw_online", asked.row["gpu"]))
    ]
    ratio, advantage = "online / offline", "bw_offline / bw_online"
    formula = {
        "ratio": f"{ratio} * sqrt({advantage})",
        "ratio_low": f"min({ratio}, {ratio} * {advantage})",
        "ratio_high": f"max({ratio}, {ratio} * {advantage})",
    }[asked.column]
    return asked.node(formula, [attained, offline, *bandwidths, *assumed(attainment)], note=asked.row["basis"])
