"""Validation against measurements: predicted runs, the same runs by other methods, and the scores."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.energy.board_evidence import saturated
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.validation.peers import said
from inference_energy.explain.derivations.validation.ratios import geometric_error
from inference_energy.explain.sources import QUOTED, assumed
from inference_energy.explain.step import Node, computed, listed, number
from inference_energy.statistics.distributions import median
from inference_energy.throughput import borrowing
from inference_energy.validation import backtest, decode_steps, scores
from inference_energy.validation.scores import OURS, UNSEEN

RUN = ("source", "row_id")
QUOTED_OF_A_RUN = (*QUOTED, "prompts", "batch_limit", "power_cap_w_per_gpu")


def explained(asked: Asked) -> Node:
    """A number of `backtest`."""
    column = asked.column
    if column == "measured":
        return asked.same(measured(asked, "x"))
    if column == "ratio":
        return asked.node(
            "predicted / measured", [asked.beside("predicted_p50", "predicted"), measured(asked, "measured")]
        )
    return _predicted(asked)


def measured(asked: Asked, symbol: str) -> Node:
    """The measured energy of a run."""
    key = {name: asked.row[name] for name in RUN}
    row = asked.build.row("measured_energy", **key, boundary=asked.row["target"])
    return asked.benchmark(
        row,
        value=row["energy_j_per_output_token"],
        unit="J per output token",
        symbol=symbol,
        label="measured energy of the run",
        columns=QUOTED_OF_A_RUN,
    )


class _Runs:
    """Saturated runs with their expected GPU time, computed once."""

    def __init__(self, asked: Asked):
        build, settings = asked.build, asked.build.config["backtest"]
        read = build.nested_tables
        self.runs = backtest.with_offline(
            saturated(build.table("measured_energy"), settings["saturation"]),
            coefficients=read.coefficients,
            models=read.models,
            hardware=read.hardware,
            input_tokens=settings["input_tokens"],
            errors=borrowing.borrowed_errors(read.forms),
        )
        self.shares = backtest.board_shares(self.runs, read.node_power)
        self.expectations = backtest.Expectations(self.runs, read.throughput)

    @classmethod
    def of(cls, asked: Asked) -> "_Runs":
        """Those of a build."""
        return asked.build.once("runs", read=lambda: cls(asked))

    def row(self, asked: Asked) -> dict:
        """A run with its parts."""
        here = {name: asked.row[name] for name in RUN} | {"boundary": asked.row["target"]}
        return self.runs.filter(**here).row(0, named=True)


def _predicted(asked: Asked) -> Node:
    found = _Runs.of(asked)
    row, node_power = found.row(asked), asked.build.nested_tables.node_power
    unseen, same = asked.column.endswith("_unseen"), asked.column.endswith("_same_source")
    unpredictable = asked.build.config["backtest"]["unpredictable"]
    shares = found.shares if same else found.shares.filter(~pl.col("source").is_in(list(unpredictable)))
    distribution = backtest.board_share_distribution(shares, row, same_source=same)
    time = _unseen(asked, row) if unseen else _seen(asked, found, row)
    evidence = _board_runs(asked, found, row, same_source=same)
    boards = computed(
        f"power of the boards of one {row['gpu']}",
        "TDP * share",
        [
            asked.resource("hardware.csv", {"gpu": row["gpu"]}, "tdp_w", symbol="TDP", unit="W"),
            number(
                "share",
                "board power over TDP, median of a beta distribution,"
                f" a = {distribution.a:.4g}, b = {distribution.b:.4g}",
                median(distribution),
                children=(evidence,),
            ),
        ],
        symbol="boards",
        unit="W",
    )
    children, formula = [boards, time], "boards * s"
    if row["power_cap_w_per_gpu"] is not None:
        cap = row["power_cap_w_per_gpu"]
        lost = (1 - min(cap / boards.value, 1.0)) / 2
        children += [
            replace(measured(asked, "cap"), value=cap, label="power cap of the run, W per GPU", unit="W"),
            number(
                "lost", "share of throughput lost to the cap: half the share of power that it cuts, at the median", lost
            ),
            *assumed(backtest.predicted),
        ]
        formula = "min(boards, cap) * s / (1 - lost)"
    if row["boundary"] == "node_wall":
        host = backtest.host_distribution(row, node_power)
        rows = node_power.filter(pl.col("basis") == "measured", pl.col("gpu") != row["gpu"])
        ends = tuple(
            asked.resource("node_power.csv", {"gpu": gpu}, f"host_saturated_kw_per_gpu_{end}", note="derivation")
            for gpu in rows["gpu"]
            for end in ("p05", "p95")
        )
        children.append(
            number("host", "host power per GPU, from nodes with other GPUs, median", median(host), "W", children=ends)
        )
        formula = formula.replace("min(boards, cap)", "(min(boards, cap) + host)")
        formula = formula.replace("boards * s", "(boards + host) * s") if "min" not in formula else formula
    form = computed("Closed form at the medians: power × GPU time", formula, children, unit="J per output token")
    note = f"{(asked.quantile or '').upper()} of 20,000 draws of power and GPU time; no measurement of the run is used"
    return asked.node(children=[form, measured(asked, "")], note=note)


def _board_runs(asked: Asked, found: _Runs, row: dict, *, same_source: bool) -> Node:
    """Runs that board power is estimated from."""
    where = pl.col("source") == row["source"] if same_source else pl.col("source") != row["source"]
    unpredictable = list(asked.build.config["backtest"]["unpredictable"])
    if not same_source:
        where = where & ~pl.col("source").is_in(unpredictable)
    others = found.runs.filter(where, pl.col("network") != row["network"], pl.col("power_cap_w_per_gpu").is_null())
    of_gpu = others.filter(pl.col("gpu") == row["gpu"])
    chosen = (of_gpu if len(of_gpu) else others).sort(*RUN)
    facts = {"table": "measured_energy", "unit": "J per output token"}
    runs = (
        asked.corpus_row(run["source"], run["row_id"], value=run["energy_j_per_output_token"], **facts)
        for run in chosen.iter_rows(named=True)
    )
    return listed(runs, "runs that board power is estimated from")


def _seen(asked: Asked, found: _Runs, row: dict) -> Node:
    """GPU time per output token, estimated from other runs of the engine or from other systems."""
    expected, _reason = found.expectations.of(row)
    if row["boundary"] == "node_wall":
        others = asked.build.table("throughput").filter(
            pl.col("source").str.starts_with("mlperf"),
            *(pl.col(name) == row[name] for name in ("model", "gpu", "load", "prompts")),
            ~pl.col("row_id").str.starts_with(f"{row['row_id'].rsplit('/', 2)[0]}/"),
        )
        rows = others.iter_rows(named=True)
        systems = (asked.benchmark(other, value=other["output_tok_per_s_per_gpu"]) for other in rows)
        runs = listed(systems, "rows of other systems")
        return number("s", f"GPU time per output token: {expected.basis}", expected.seconds, "GPU-s", children=(runs,))
    source = found.runs.filter(pl.col("source") == row["source"])
    learnt = decode_steps.learnt_without(row["network"], source)
    shift = expected.seconds / sum(row[part] * k for part, k in zip(decode_steps.PARTS, learnt.factors, strict=True))
    run = measured(asked, "")
    others = source.filter(pl.col("network") != row["network"])
    runs = (
        asked.corpus_row(other["source"], other["row_id"], value=other["throughput_tok_per_s"], unit="tok/s")
        for other in others.sort(*RUN).iter_rows(named=True)
    )
    rows = listed(runs, "runs of other networks of the source")
    offline = "time from the offline curve of the model or of a relative"
    factors = [
        number(
            f"k_{part.removesuffix('_s')}", f"factor of {part}, fitted to other networks", float(k), children=(rows,)
        )
        for part, k in zip(decode_steps.PARTS, learnt.factors, strict=True)
    ]
    return computed(
        f"GPU time per output token: {expected.basis}",
        "(k_offline * offline + k_weights * weights + k_step * step) * shift",
        [
            number("offline", offline, row["offline_s"], "GPU-s", note=row["curve"], children=(run,)),
            number("weights", "time to read all weights, over the batch", row["weights_s"], "GPU-s", children=(run,)),
            number("step", "GPUs × 1 ms over the batch", row["step_s"], "GPU-s", children=(run,)),
            *factors,
            number("shift", "its network's other configurations over this prediction", float(shift), children=(rows,)),
            *assumed(decode_steps.fit),
        ],
        symbol="s",
        unit="GPU-s",
    )


def _unseen(asked: Asked, row: dict) -> Node:
    """GPU time from the offline curve and the attainment of services alone."""
    study = asked.build.study(asked.build.current)
    pairs = asked.build.table("attainment_pairs")
    distribution = backtest.attainment_without(row["source"], study["attainment"], pairs)
    mean = float(np.exp(np.log(distribution.quantile((np.arange(1000) + 0.5) / 1000)).mean()))
    used = pairs.filter(pl.col("source") != row["source"])
    listed = tuple(asked.of("attainment_pairs", pair, "ratio") for pair in used.head(3).iter_rows(named=True))
    behind = Node(
        label=f"{len(used)} pairs of other sources, of which the first are shown", children=listed, alike=True
    )
    run = measured(asked, "")
    return computed(
        "GPU time per output token from the offline curve, for a service without known runs",
        "1 / (TPS * attained)",
        [
            number(
                "TPS",
                "offline throughput at the lengths of the run",
                row["offline_tok_per_s_per_gpu"],
                "tok/s per GPU",
                note=row["curve"],
                children=(run,),
            ),
            number(
                "attained", "geometric mean of the attainment without the pairs of its source", mean, children=(behind,)
            ),
        ],
        symbol="s",
        unit="GPU-s",
    )


def peer(asked: Asked) -> Node:
    """A number of `backtest_peers`."""
    if asked.column == "measured":
        return asked.same(measured(asked, "x"))
    row = _Runs.of(asked).row(asked)
    tokens = row["output_tokens"] or asked.build.config["backtest"]["output_tokens"].get(row["prompts"])
    facts = {"gpu": row["gpu"], "model": row["model"], "output_tokens": tokens}
    boundary = scores.BOUNDARY[row["boundary"]]
    wanted = "node" if asked.row["aligned"] else boundary
    energy = said(asked, asked.row["method"], facts, wanted)
    run = measured(asked, "")
    if row["output_tokens"] is None:
        run = asked.setting("backtest", "output_tokens", row["prompts"])
    answer = number("T", "answer tokens of the run", tokens, "tokens", children=(run,))
    children, formula = [replace(energy, symbol="E"), answer], "E * 3600 / T"
    if asked.row["aligned"]:
        power = asked.build.nested_tables.node_power.filter(gpu=row["gpu"]).row(0, named=True)
        tdp = asked.resource("hardware.csv", {"gpu": row["gpu"]}, "tdp_w", symbol="TDP", unit="W")
        cells = {
            "b05": "board_saturated_share_of_tdp_p05",
            "b95": "board_saturated_share_of_tdp_p95",
            "h05": "host_saturated_kw_per_gpu_p05",
            "h95": "host_saturated_kw_per_gpu_p95",
        }
        ends = [
            asked.resource("node_power.csv", {"gpu": power["gpu"]}, column, symbol=symbol, note="derivation")
            for symbol, column in cells.items()
        ]
        boards = "TDP * sqrt(b05 * b95)"
        part = f"{boards} / ({boards} + 1000 * sqrt(h05 * h95))"
        children.append(computed("boards' share of saturated node power", part, [tdp, *ends], symbol="part"))
        formula += " * part"
    return asked.node(formula, [*children, measured(asked, "")])


def score(asked: Asked) -> Node:
    """A number of `scores`."""
    runs, column = _scored(asked), asked.column
    every = _listed(asked, runs)
    shared = runs.filter(pl.col("ours").is_not_null())
    if column == "geometric_error":
        return asked.node(**geometric_error(runs["ratio"], every))
    if column == "geometric_error_on_shared_runs":
        return asked.node(**geometric_error(shared["ratio"], _listed(asked, shared)))
    if column == "ours_on_the_same_runs":
        return asked.node(**geometric_error(shared["ours"], _listed(asked, shared)))
    if column == "ratio_p50":
        return asked.stated("median of the ratios", float(runs["ratio"].median()), every)
    if column == "ratio_geometric_sd":
        sd = float(runs["ratio"].log().std())
        label = "standard deviation of the logarithms of the ratios"
        return asked.node("exp(sd)", [number("sd", label, sd, children=(every,))])
    if column in ("runs", "shared_runs"):
        counted = runs if column == "runs" else shared
        return asked.stated("runs", len(counted), _listed(asked, counted))
    inside = int(runs[column.removeprefix("share_")].sum())
    return asked.node("k / n", [number("k", "runs inside", inside, children=(every,)), number("n", "runs", len(runs))])


def _scored(asked: Asked) -> pl.DataFrame:
    """The runs behind a score: `source, row_id, target, ratio, ours` and whether they are inside the intervals."""
    row, keys = asked.row, [*RUN, "target"]
    ours = asked.build.table("backtest")
    facts = ["model_class", "gpu"]
    known = ours.filter(pl.col("ratio").is_not_null()).select(*keys, ours=pl.col("ratio"))
    if row["method"] in (OURS, UNSEEN):
        end = "_unseen" if row["method"] == UNSEEN else ""
        within = pl.col("measured").is_between
        runs = ours.filter(pl.col(f"predicted_p50{end}").is_not_null()).select(
            *keys,
            *facts,
            ratio=pl.col(f"predicted_p50{end}") / pl.col("measured"),
            inside_50=within(f"predicted_p25{end}", f"predicted_p75{end}"),
            inside_90=within(f"predicted_p05{end}", f"predicted_p95{end}"),
        )
    else:
        runs = asked.build.rows("backtest_peers", method=row["method"]).filter(pl.col("predicted").is_not_null())
        runs = runs.select(*keys, *facts, ratio=pl.col("predicted") / pl.col("measured"))
    runs = runs.join(known, on=keys, how="left", maintain_order="left").filter(pl.col("target") == row["target"])
    column = scores.GROUPS[row["grouped_by"]]
    return runs if column is None else runs.filter(pl.col(column).eq_missing(pl.lit(row["group"])))


def _listed(asked: Asked, runs: pl.DataFrame) -> Node:
    found = []
    for run in runs.iter_rows(named=True):
        there = replace(asked, row={name: run[name] for name in (*RUN, "target")})
        observed = measured(there, "measured")
        predicted = number("predicted", "predicted", run["ratio"] * observed.value, "J per output token")
        found.append(computed(run["row_id"], "predicted / measured", [predicted, observed]))
    return listed(found, "runs")
