"""Validation against measurements: predicted runs, the same runs by other methods, and the scores."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.conversions import W_PER_KW
from inference_energy.energy.board_evidence import saturated
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.validation.peers import said
from inference_energy.explain.derivations.validation.ratios import share, statistic
from inference_energy.explain.sources import QUOTED, assumed
from inference_energy.explain.step import Node, computed, listed, number
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.statistics.distributions import median
from inference_energy.throughput import borrowing
from inference_energy.validation import backtest, decode_steps, scores
from inference_energy.validation.peers.peer import energy_per_token_j

RUN = ("source", "row_id")
QUOTED_OF_A_RUN = (*QUOTED, "prompts", "batch_limit", "power_cap_w_per_gpu")
PER_TOKEN = "J per output token"
POWER_FILE = "node_power.csv"


def explained(asked: Asked) -> Node:
    """A number of `backtest`."""
    if asked.column == "measured":
        return asked.same(measured(asked))
    if asked.column == "ratio":
        return asked.of_columns("predicted / measured", {"predicted": "predicted_p50"}, measured(asked, "measured"))
    return _predicted(asked)


def measured(asked: Asked, symbol: str = "", **facts: float | str) -> Node:
    """The measured energy of a run, or another fact of its row."""
    key = {name: asked.row[name] for name in RUN}
    row = asked.build.row("measured_energy", **key, boundary=asked.row["target"])
    given = {"value": row["energy_j_per_output_token"], "unit": PER_TOKEN, "label": "measured energy of the run"}
    return asked.benchmark(row, QUOTED_OF_A_RUN, symbol=symbol, **given | facts)


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
        self.predictable = ~pl.col("source").is_in(list(settings["unpredictable"]))

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
    row = found.row(asked)
    seconds = leaf(_unseen(asked, row) if asked.column.endswith("_unseen") else _seen(asked, found, row))
    power = named(_board_power(asked, found, row), f"power of the boards of one {row['gpu']}", "boards", unit="W")
    behind = ()
    if row["power_cap_w_per_gpu"] is not None:
        cap = leaf(measured(asked, "cap", value=row["power_cap_w_per_gpu"], label="power cap per GPU", unit="W"))
        label = "share of throughput lost to the cap: half the share of power that it cuts, at the median"
        lost = named((1 - np.minimum(cap / power, 1.0)) / 2, label, "lost")
        power, seconds, behind = np.minimum(power, cap), seconds / (1 - lost), assumed(backtest.predicted)
    if row["boundary"] == "node_wall":
        power = power + _host_power(asked, row)
    words = "Closed form at the medians: power × GPU time"
    form = (power * seconds).step(words, unit=PER_TOKEN)
    note = f"{(asked.quantile or '').upper()} of 20,000 draws of power and GPU time; no measurement of the run is used"
    return asked.node(children=[form, measured(asked), *behind], note=note)


def _board_power(asked: Asked, found: _Runs, row: dict) -> Traced:
    """Median power of the boards of a GPU, W: from runs of other sources, or of other networks of its own."""
    same = asked.column.endswith("_same_source")
    of_source = pl.col("source") == row["source"] if same else (pl.col("source") != row["source"]) & found.predictable
    shares = found.shares if same else found.shares.filter(found.predictable)
    distribution = backtest.board_share_distribution(shares, row, same_source=same)
    others = found.runs.filter(of_source, pl.col("network") != row["network"], pl.col("power_cap_w_per_gpu").is_null())
    of_gpu = others.filter(gpu=row["gpu"])
    used, words = of_gpu if len(of_gpu) else others, "runs that board power is estimated from"
    facts = {"table": "measured_energy", "unit": PER_TOKEN}
    evidence = _listed_runs(asked, used, "energy_j_per_output_token", words, **facts)
    words = f"median of a beta distribution, a = {distribution.a:.4g}, b = {distribution.b:.4g}"
    part = given("share", f"board power over TDP, {words}", median(distribution), evidence)
    return leaf(_tdp(asked, row["gpu"])) * part


def _listed_runs(asked: Asked, runs: pl.DataFrame, column: str, words: str, **facts: str) -> Node:
    """A column of runs of the corpus, one by one."""
    found = (asked.corpus_row(run, value=run[column], **facts) for run in runs.sort(*RUN).iter_rows(named=True))
    return listed(found, words)


def _tdp(asked: Asked, gpu: str) -> Node:
    return asked.resource("hardware.csv", {"gpu": gpu}, "tdp_w", symbol="TDP", unit="W")


def _host_power(asked: Asked, row: dict) -> Traced:
    node_power = asked.build.nested_tables.node_power
    others = node_power.filter(pl.col("basis") == "measured", pl.col("gpu") != row["gpu"])["gpu"]
    ends = (
        asked.resource(POWER_FILE, {"gpu": gpu}, f"host_saturated_kw_per_gpu_{end}", note="derivation")
        for gpu in others
        for end in ("p05", "p95")
    )
    host, label = backtest.host_distribution(row, node_power), "host power per GPU, from nodes with other GPUs, median"
    return given("host", label, median(host), *ends, unit="W")


def _seen(asked: Asked, found: _Runs, row: dict) -> Node:
    """GPU time per output token, estimated from other runs of the engine or from other systems."""
    expected, _reason = found.expectations.of(row)
    label = f"GPU time per output token: {expected.basis}"
    if row["boundary"] == "node_wall":
        others = asked.build.table("throughput").filter(
            pl.col("source").str.starts_with("mlperf"),
            *(pl.col(name) == row[name] for name in ("model", "gpu", "load", "prompts")),
            ~pl.col("row_id").str.starts_with(f"{row['row_id'].rsplit('/', 2)[0]}/"),
        )
        runs = _listed_runs(asked, others, "output_tok_per_s_per_gpu", "rows of other systems")
        return number("s", label, expected.seconds, "GPU-s", children=(runs,))
    others = found.runs.filter(pl.col("source") == row["source"], pl.col("network") != row["network"])
    rows = _listed_runs(asked, others, "throughput_tok_per_s", "runs of other networks of the source", unit="tok/s")
    note = (
        "the time from the offline curve, that to read all weights and that of a step, each over the batch and times a"
        " factor fitted to the rows below; shifted as the other configurations of its network are"
    )
    behind = (rows, measured(asked), *assumed(decode_steps.fit))
    return number("s", label, expected.seconds, "GPU-s", note=note, children=behind)


def _unseen(asked: Asked, row: dict) -> Node:
    """GPU time from the offline curve and the attainment of services alone."""
    study, pairs = asked.build.study(asked.build.current), asked.build.table("attainment_pairs")
    distribution = backtest.attainment_without(row["source"], study["attainment"], pairs)
    mean = float(np.exp(np.log(distribution.quantile((np.arange(1000) + 0.5) / 1000)).mean()))
    used = pairs.filter(pl.col("source") != row["source"])
    behind = asked.each("attainment_pairs", used, "ratio", "pairs of other sources")
    attained = given("attained", "geometric mean of the attainment without the pairs of its source", mean, behind)
    label, facts = "offline throughput at the lengths of the run", {"unit": "tok/s per GPU", "note": row["curve"]}
    speed = given("TPS", label, row["offline_tok_per_s_per_gpu"], measured(asked), **facts)
    label = "GPU time per output token from the offline curve, for a service without known runs"
    return (1 / (speed * attained)).step(label, "s", unit="GPU-s")


def peer(asked: Asked) -> Node:
    """A number of `backtest_peers`."""
    if asked.column == "measured":
        return asked.same(measured(asked))
    key = {name: asked.row[name] for name in RUN}
    row, run = asked.build.row("measured_energy", **key, boundary=asked.row["target"]), measured(asked)
    tokens = row["output_tokens"]
    if tokens is None:
        run = asked.setting("backtest", "output_tokens", row["prompts"])
        tokens = run.value
    facts = {"gpu": row["gpu"], "model": row["model"], "output_tokens": tokens}
    answer = number("T", "answer tokens of the run", tokens, "tokens", children=(run,))
    method, boundary = asked.row["method"], scores.BOUNDARY[row["boundary"]]
    found = by_method(asked, method, facts, answer, boundary, aligned=asked.row["aligned"])
    return asked.follows(found, measured(asked))


def by_method(
    asked: Asked, method: str, facts: dict, answer: Node, boundary: str = "gpu_boards", *, aligned: bool
) -> Traced:
    """Energy per output token of a run by another method; `aligned`: that of its node brought to the boards."""
    energy = leaf(said(asked, method, facts, "node" if aligned else boundary))
    found = energy_per_token_j(energy_wh=energy, output_tokens=leaf(answer))
    return found * _boards_of_node(asked, facts["gpu"]) if aligned else found


def _boards_of_node(asked: Asked, gpu: str) -> Traced:
    """The boards' share of saturated node power."""

    def middle(quantity: str) -> Traced:
        """Geometric middle of a range."""
        ends = (
            asked.resource(POWER_FILE, {"gpu": gpu}, f"{quantity}_{end}", symbol=end, note="derivation")
            for end in ("p05", "p95")
        )
        low, high = map(leaf, ends)
        return np.sqrt(low * high)

    boards = leaf(_tdp(asked, gpu)) * middle("board_saturated_share_of_tdp")
    host = middle("host_saturated_kw_per_gpu") * W_PER_KW
    return named(boards / (boards + host), "boards' share of saturated node power", "part")


def score(asked: Asked) -> Node:
    """A number of `scores`."""
    runs, column = _scored(asked), asked.column
    shared = runs.filter(pl.col("ours").is_not_null())
    if column == "geometric_error_on_shared_runs":
        return statistic(asked, "geometric_error", shared["ratio"], _listed(asked, shared))
    if column == "ours_on_the_same_runs":
        return statistic(asked, "geometric_error", shared["ours"], _listed(asked, shared))
    every = _listed(asked, runs)
    if column == "shared_runs":
        return asked.stated("runs", len(shared), _listed(asked, shared) if len(shared) else every)
    if column == "runs":
        return asked.stated("runs", len(runs), every)
    if column.startswith("share_"):
        return share(asked, int(runs[column.removeprefix("share_")].sum()), len(runs), every)
    return statistic(asked, column.removeprefix("ratio_").replace("p50", "median"), runs["ratio"], every)


def _scored(asked: Asked) -> pl.DataFrame:
    """The runs behind a score, with their ratios."""
    row, tables = asked.row, [asked.build.table(name) for name in ("backtest", "backtest_peers")]
    runs = asked.build.once("ratios", read=lambda: scores.ratios(*tables))
    runs, column = runs.filter(method=row["method"], target=row["target"]), scores.GROUPS[row["grouped_by"]]
    return runs if column is None else runs.filter(pl.col(column).eq_missing(pl.lit(row["group"])))


def _listed(asked: Asked, runs: pl.DataFrame) -> Node:
    found = []
    for run in runs.iter_rows(named=True):
        observed = measured(replace(asked, row={name: run[name] for name in (*RUN, "target")}), "measured")
        predicted = number("predicted", "predicted", run["ratio"] * observed.value, PER_TOKEN)
        found.append(computed(run["row_id"], "predicted / measured", [predicted, observed]))
    return listed(found, "runs")
