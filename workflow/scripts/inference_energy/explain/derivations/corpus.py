"""Rows of the corpus and of registries: their line, and the numbers derived from that line alone."""

import polars as pl

from inference_energy.corpus.checks.registry import CHECKS
from inference_energy.corpus.registry_checks import ARCHITECTURE
from inference_energy.explain.asked import Asked
from inference_energy.explain.build import BENCHMARKS
from inference_energy.explain.sources import (
    QUOTED,
    origin_text,
)
from inference_energy.explain.step import Node, Place, listed, number

PER_GPU = "output_tok_per_s_per_gpu"
REGISTRIES = {
    "model": ("models.csv", "model"),
    "closed_model": ("closed_models.csv", "model"),
    "hardware": ("hardware.csv", "gpu"),
}
SOURCE_OF = dict.fromkeys(ARCHITECTURE, "architecture_source") | dict.fromkeys(
    ("link_bandwidth_gb_per_s", "gpus_per_link_domain"), "link_source"
)
LIMITS = {
    "conflict": "conflict_factor",
    "unit_slip": "unit_slip_factor",
    "stated_parameters": "parameter_tolerance",
    "energy_against_power": "energy_factor",
    "stale": "stale_after_days",
    "registry_age": "registry_stale_after_days",
}


def row_of(asked: Asked) -> Node:
    """A number of `throughput`, `measured_energy` or `published_estimate`."""
    row, column = asked.row, asked.column
    if column == "line":
        return asked.node(children=[asked.benchmark(row)])
    if column == PER_GPU:
        return _per_gpu(asked)
    if asked.table == "measured_energy":
        own = asked.build.cells(row["file"], row["line"])
        if isinstance(own, dict) and column not in own:
            run = asked.build.row("throughput", source=row["source"], row_id=row["row_id"])
            leaf = asked.benchmark(run, value=row[column], columns=[*QUOTED, column])
            return asked.same(leaf, note=f"of the run's row in table throughput; {asked.node().note}")
    leaf = asked.benchmark(row, value=row[column], columns=dict.fromkeys((*QUOTED, column)))
    return asked.same(leaf)


def _per_gpu(asked: Asked) -> Node:
    """Output tokens per second and GPU, from throughput, the tokens it counts and its scope."""
    row = asked.build.row("throughput", source=asked.row["source"], row_id=asked.row["row_id"])

    def cell(symbol: str, column: str) -> Node:
        return asked.benchmark(
            row,
            value=row[column],
            symbol=symbol,
            label=column.replace("_", " "),
            columns=dict.fromkeys(("row_id", "model", "throughput_scope", "throughput_counts", column)),
        )

    if row[PER_GPU] is None:
        return asked.node(children=[asked.benchmark(row)])
    children, formula = [cell("TPS", "throughput_tok_per_s")], "TPS"
    if row["throughput_counts"] == "total":
        children += [cell("L_in", "input_tokens"), cell("L_out", "output_tokens")]
        formula += " * L_out / (L_in + L_out)"
    if row["throughput_scope"] != "gpu":
        children.append(cell("gpus", "gpus"))
        formula += " / gpus"
    if row["throughput_scope"] == "node":
        children.append(cell("nodes", "nodes"))
        formula += " * nodes"
    return asked.node(formula, children)


def registry(asked: Asked) -> Node:
    """A number of `model`, `closed_model` or `hardware`."""
    file, name = REGISTRIES[asked.table]
    source = SOURCE_OF.get(asked.column, "node_source" if asked.column.startswith("node") else "source")
    key = {name: asked.row[name]}
    leaf = asked.resource(file, key, asked.column, source=source)
    return asked.same(leaf)


def source_file(asked: Asked) -> Node:
    """A number of `source`: counts of a file's rows."""
    return asked.node(children=[_origin(asked, asked.row["source"], asked.row["file"])])


def _origin(asked: Asked, source: str, file: str) -> Node:
    origin = asked.build.origin(BENCHMARKS, source)
    place = Place(
        kind="benchmark",
        file=file,
        key=source,
        quote=f"read on {origin['read_on']}, version {origin['version']}",
        url=origin["url"],
        origin=origin_text(origin),
    )
    return Node(label=f"file {file}", place=place)


def source_counts(asked: Asked) -> Node:
    """A number of `benchmark_sources`."""
    source, column = asked.row["source"], asked.column
    files = asked.build.rows("source", source=source)
    leaves = [_origin(asked, source, file) for file in files["file"]]
    tables = {
        "throughput_rows": "throughput",
        "measured_energies": "measured_energy",
        "published_estimates": "published_estimate",
    }
    if column in ("rows_accepted", "rows_rejected", "records_left_out"):
        counts = [
            number(f"n_{place}", f"{column.replace('_', ' ')} of {row['file']}", row[column], children=(leaf,))
            for place, (row, leaf) in enumerate(zip(files.iter_rows(named=True), leaves, strict=True), start=1)
        ]
        return asked.node(" + ".join(node.symbol for node in counts), counts)
    if column in tables:
        count = len(asked.build.rows(tables[column], source=source))
        return asked.stated(f"rows of table {tables[column]}", count, *leaves)
    if column == "files":
        return asked.stated("files in its folder", len(files), *leaves)
    found = asked.build.rows("benchmark_checks", source=source, severity=column.removesuffix("s"))
    nodes = []
    for row in found.iter_rows(named=True):
        file = row["file"] or files["file"][0]
        place = Place(kind="benchmark", file=file, line=row["line"], key=row["row_id"] or "")
        nodes.append(Node(label=row["check"], note=row["message"], place=place))
    return asked.stated("findings", len(found), listed(nodes, "findings"), *leaves)


def check(asked: Asked) -> Node:
    """A number of `benchmark_checks`: the row with the finding, and the row or limit that it is compared with."""
    row, children = asked.row, []
    if (
        row["row_id"] is not None
        and not asked.build.rows("throughput", source=row["source"], row_id=row["row_id"]).is_empty()
    ):
        children.append(asked.corpus_row(row["source"], row["row_id"], value=row["found"], label="the row"))
    elif row["file"] is not None:
        children.append(_origin(asked, row["source"], row["file"]))
    if row["other_row_id"] is not None:
        children.append(
            asked.corpus_row(row["other_source"], row["other_row_id"], value=row["expected"], label="the other row")
        )
    if row["check"] in LIMITS:
        name = LIMITS[row["check"]]
        children.append(asked.setting("checks", name))
    for file, column in (("models.csv", "model"), ("hardware.csv", "gpu")):
        if row[column] is not None:
            facts = {"models.csv": "total_parameters_billions", "hardware.csv": "memory_gb"}
            children.append(asked.resource(file, {column: row[column]}, facts[file], label=row[column]))
    severity, words = CHECKS[row["check"]]
    return asked.node(children=children, note=f"{severity}, {words}: {row['message']}")


def bin_of_lengths(asked: Asked) -> Node:
    """A number of `request_lengths`."""
    names = ("workload", "input_tokens", "output_tokens", "requests", "cached_input_share")
    leaf = asked.workload_line(asked.row, names, value=asked.value)
    return asked.same(leaf)


def answers(asked: Asked) -> Node:
    """A number of `output_length_quantiles`."""
    names = ("task", "model", "responses", *(name for name in asked.row if name.startswith("output_tokens")))
    leaf = asked.workload_line(asked.row, names, value=asked.value)
    return asked.same(leaf)


def length_quantile(asked: Asked) -> Node:
    """A number of `request_length_quantiles`."""
    row, column = asked.row, asked.column
    bins = asked.build.rows("request_lengths", workload=row["workload"])
    names = ("workload", "input_tokens", "output_tokens", "requests", "cached_input_share")
    lines = (
        asked.workload_line(line, names, value=line["requests"], unit="requests")
        for line in bins.sort("requests", descending=True).iter_rows(named=True)
    )
    fullest = listed(lines, "bins of lengths, the fullest first")
    requests = number("n", "requests of all bins", int(bins["requests"].sum()), children=(fullest,))
    if column == "requests":
        return asked.same(requests)
    if column == "cached_input_share":
        weighted = pl.col("requests") * pl.col("input_tokens")
        tokens, cached = bins.select(weighted.sum(), (weighted * pl.col("cached_input_share")).sum().alias("c")).row(0)
        parts = [
            number("cached", "prompt tokens shared with an earlier request", cached, children=(fullest,)),
            number("tokens", "prompt tokens", tokens),
        ]
        return asked.node("cached / tokens", parts)
    below = bins.filter(pl.col(f"{row['side']}_tokens") < asked.value)["requests"].sum()
    share = number("below", "requests in bins that are shorter", int(below), children=(fullest,))
    note = "half of a bin's requests lie below its mean; between bins the logarithm of the length is linear"
    part = Node(
        label="share of requests in shorter bins",
        formula="below / n",
        value=int(below) / requests.value,
        children=(share, requests),
    )
    return asked.node(children=[part], note=f"{column.removeprefix('tokens_').upper()} of the {row['side']}s: {note}")
