"""Rows of the corpus and of registries: their line, and the numbers derived from that line alone."""

import polars as pl

from inference_energy.common.step import Node, Place, computed, listed, number, total
from inference_energy.corpus.checks.finding import CHECKS
from inference_energy.corpus.plausible import WHY
from inference_energy.corpus.registry_checks import ARCHITECTURE
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import QUOTED, origin_text
from inference_energy.explain.trace import Traced, leaf
from inference_energy.throughput.fits import PER_GPU

REGISTRIES = {"model": "models.csv", "closed_model": "closed_models.csv", "hardware": "hardware.csv"}
SOURCE_OF = dict.fromkeys(ARCHITECTURE, "architecture_source") | dict.fromkeys(
    ("link_bandwidth_gb_per_s", "gpus_per_link_domain"), "link_source"
)
LIMITS = {
    "conflict": ("conflict_factor",),
    "unit_slip": ("unit_slip_factor",),
    "stated_parameters": ("parameter_tolerance",),
    "energy_against_power": ("energy_factor",),
    "board_power_impossible": ("board_share_low", "board_share_high"),
    "disaggregated_power_impossible": ("board_share_disaggregated_low",),
    "stale": ("stale_after_days",),
    "registry_age": ("registry_stale_after_days",),
}
COUNTED = {
    "throughput_rows": "throughput",
    "measured_energies": "measured_energy",
    "energies_set_apart": "implausible_energy",
    "published_estimates": "published_estimate",
}


def row_of(asked: Asked) -> Node:
    """A number of `throughput`, `measured_energy`, `implausible_energy` or `published_estimate`."""
    row, column = asked.row, asked.column
    if column == "line":
        return asked.node(children=[asked.benchmark(row)])
    if column == PER_GPU:
        return _per_gpu(asked)
    if column in WHY:
        leaf = asked.benchmark(row)
        return asked.node(children=[leaf, *_limit(asked, row["check"])], note=row["message"])
    facts, columns = {}, dict.fromkeys((*QUOTED, column))
    if asked.table in ("measured_energy", "implausible_energy"):
        own = asked.build.cells(row["file"], row["line"])
        if isinstance(own, dict) and column not in own:
            row = asked.build.row("throughput", **asked.run)
            facts["note"] = f"of the run's row in table throughput; {asked.node().note}"
    return asked.same(asked.benchmark(row, columns, value=row[column]), **facts)


def _per_gpu(asked: Asked) -> Node:
    """Output tokens per second and GPU, from throughput, the tokens it counts and its scope."""
    row = asked.build.row("throughput", **asked.run)

    def cell(symbol: str, column: str) -> Traced:
        columns = dict.fromkeys(("row_id", "model", "throughput_scope", "throughput_counts", column))
        facts = {"value": row[column], "symbol": symbol, "label": column.replace("_", " ")}
        return leaf(asked.benchmark(row, columns, **facts))

    speed = cell("TPS", "throughput_tok_per_s")
    if row["throughput_counts"] == "total":
        answer = cell("L_out", "output_tokens")
        speed = speed * answer / (cell("L_in", "input_tokens") + answer)
    if row["throughput_scope"] != "gpu":
        speed = speed / cell("gpus", "gpus")
    if row["throughput_scope"] == "node":
        speed = speed * cell("nodes", "nodes")
    return asked.follows(speed)


def registry(asked: Asked) -> Node:
    """A number of `model`, `closed_model` or `hardware`."""
    key = {name: asked.row[name] for name in asked.build.key(asked.table)}
    source = SOURCE_OF.get(asked.column, "node_source" if asked.column.startswith("node") else "source")
    return asked.same(asked.resource(REGISTRIES[asked.table], key, asked.column, source=source))


def source_file(asked: Asked) -> Node:
    """A number of `source`: counts of a file's rows."""
    return asked.node(children=[_origin(asked, asked.row["source"], asked.row["file"])])


def _origin(asked: Asked, source: str, file: str) -> Node:
    origin = asked.build.origin(file)
    quote = f"read on {origin['read_on']}, version {origin['version']}"
    facts = {"key": source, "quote": quote, "url": origin["url"], "origin": origin_text(origin)}
    return Node(label=f"file {file}", place=Place(kind="benchmark", file=file, **facts))


def source_counts(asked: Asked) -> Node:
    """A number of `benchmark_sources`."""
    source, column = asked.row["source"], asked.column
    files = asked.build.rows("source", source=source)
    leaves = [_origin(asked, source, file) for file in files["file"]]
    if column in files.columns:
        words = column.replace("_", " ")
        counts = (
            number("n", f"{words} of {file}", count, children=(leaf,))
            for file, count, leaf in zip(files["file"], files[column], leaves, strict=True)
        )
        return asked.follows(total(words, counts))
    if column in COUNTED:
        count = len(asked.build.rows(COUNTED[column], source=source))
        return asked.stated(f"rows of table {COUNTED[column]}", count, *leaves)
    if column == "files":
        return asked.stated("files in its folder", len(files), *leaves)
    rows = asked.build.rows("benchmark_checks", source=source, severity=column.removesuffix("s"))
    findings = []
    for row in rows.iter_rows(named=True):
        facts = {"file": row["file"] or files["file"][0], "line": row["line"], "key": row["row_id"] or ""}
        findings.append(Node(label=row["check"], note=row["message"], place=Place(kind="benchmark", **facts)))
    return asked.stated("findings", len(rows), listed(findings, "findings"), *leaves)


def check(asked: Asked) -> Node:
    """A number of `benchmark_checks`: the row with the finding, and the row or limit that it is compared with."""
    row, children = asked.row, []
    if row["row_id"] is not None and not asked.build.rows("throughput", **asked.run).is_empty():
        children.append(asked.corpus_row(row, value=row["found"], label="the row"))
    elif row["file"] is not None:
        children.append(_origin(asked, row["source"], row["file"]))
    if row["other_row_id"] is not None:
        other = {name: row[f"other_{name}"] for name in asked.run}
        children.append(asked.corpus_row(other, value=row["expected"], label="the other row"))
    children += _limit(asked, row["check"])
    facts = {"model": ("models.csv", "total_parameters_billions"), "gpu": ("hardware.csv", "memory_gb")}
    children += [
        asked.resource(file, {column: row[column]}, fact, label=row[column])
        for column, (file, fact) in facts.items()
        if row[column] is not None
    ]
    severity, words = CHECKS[row["check"]]
    return asked.node(children=children, note=f"{severity}, {words}: {row['message']}")


def _limit(asked: Asked, check: str) -> list[Node]:
    """The setting that a check compares with, if it has one."""
    return [asked.setting("checks", name) for name in LIMITS.get(check, ())]


def workload_row(asked: Asked) -> Node:
    """A number of `request_lengths` or `output_length_quantiles`."""
    return asked.same(asked.workload_line(asked.row, value=asked.value))


def length_quantile(asked: Asked) -> Node:
    """A number of `request_length_quantiles`."""
    row, column = asked.row, asked.column
    bins = asked.build.rows("request_lengths", workload=row["workload"])
    lines = (
        asked.workload_line(line, value=line["requests"], unit="requests")
        for line in bins.sort("requests", descending=True).iter_rows(named=True)
    )
    fullest = listed(lines, "bins of lengths, the fullest first")
    requests = number("n", "requests of all bins", int(bins["requests"].sum()), children=(fullest,))
    if column == "requests":
        return asked.same(requests)
    if column == "cached_input_share":
        prompts = bins["requests"] * bins["input_tokens"]
        shared = (prompts * bins[column]).sum()
        cached = number("cached", "prompt tokens shared with an earlier request", shared, children=(fullest,))
        return asked.node("cached / tokens", [cached, number("tokens", "prompt tokens", prompts.sum())])
    below = bins.filter(pl.col(f"{row['side']}_tokens") < asked.value)["requests"].sum()
    shorter = number("below", "requests in bins that are shorter", int(below), children=(fullest,))
    note = "half of a bin's requests lie below its mean; between bins the logarithm of the length is linear"
    part = computed("share of requests in shorter bins", "below / n", [shorter, requests])
    return asked.node(children=[part], note=f"{column.removeprefix('tokens_').upper()} of the {row['side']}s: {note}")
