"""Coefficients that are transferred from related configurations: the median of theirs, each scaled."""

import polars as pl

from inference_energy.corpus import number_formats
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node, computed, listed
from inference_energy.throughput import borrowing
from inference_energy.throughput.borrowing import with_facts


def facts(asked: Asked) -> pl.DataFrame:
    """Measured configurations with the quantities that scale their coefficients."""
    read = asked.build.nested_tables
    return asked.build.once("facts", read=lambda: with_facts(read.coefficients, read.models, read.hardware))


def target(asked: Asked) -> dict:
    """The configuration of a row, as one that was never measured."""
    read = asked.build.nested_tables
    one = pl.DataFrame({name: [asked.row[name]] for name in ("model", "gpu", "precision")})
    row = with_facts(one, read.models, read.hardware).row(0, named=True)
    return row | {"configuration": "", "kv_growth": asked.row["kv_growth"]}


def relatives(asked: Asked, found: pl.DataFrame, column: str) -> Node:
    """A column of relatives, one by one."""
    nodes = (
        asked.of("throughput_configurations", row, column if column != "configuration" else "rows")
        for row in found.select(pl.exclude("bandwidth", "bytes", "peak")).iter_rows(named=True)
    )
    return listed(nodes, "relatives")


def coefficient(asked: Asked, target: dict, kinship: str, column: str, symbol: str) -> Node:
    """A coefficient transferred from relatives: the median of theirs, each scaled."""
    found = []
    for row in borrowing.relatives(facts(asked), target, kinship).iter_rows(named=True):
        formula, factors = _scaling(asked, kinship, column, target, row)
        own = asked.of("throughput_configurations", row, column, "x")
        found.append(computed(f"of {row['configuration']}", formula, [own, *factors], symbol=f"r_{len(found) + 1}"))
    expression = f"median({', '.join(node.symbol for node in found)})"
    note = f"median over {len(found)} relatives of kinship {kinship}, each scaled by what its coefficient depends on"
    return computed(
        column.replace("_", " "),
        expression,
        [*found, *assumed(borrowing.borrowed)],
        symbol=symbol,
        note=note,
        alike=True,
    )


def _scaling(asked: Asked, kinship: str, column: str, target: dict, row: dict) -> tuple[str, list[Node]]:
    """How a relative's coefficient is scaled; the same as in `relatives.borrowed`, which a test checks."""

    def pair(name: str) -> list[Node]:
        return [_fact(asked, name, of, f"{name}_{who}") for who, of in (("own", target), ("other", row))]

    if kinship == "other_version":
        return "x", []
    if kinship in ("other_model", "other_architecture"):
        sizes = pair("active")
        root = column == "attention_s_per_token2"
        return ("x * sqrt(active_own / active_other)" if root else "x * active_own / active_other"), sizes
    if column == "prefill_s_per_token":
        return "x * peak_other / peak_own", pair("peak")
    traffic = pair("bandwidth")
    if column == "attention_s_per_token2":
        return "x * bandwidth_other / bandwidth_own", traffic
    return (
        "x * bandwidth_other / bandwidth_own * bytes_own / bytes_other",
        [*traffic, *pair("bytes")],
    )


def _fact(asked: Asked, name: str, of: dict, symbol: str) -> Node:
    """What a coefficient is scaled by, of one model and GPU."""
    if name == "bytes":
        label = f"bytes per parameter in {of['precision']}"
        return constant(number_formats, "BYTES_PER_PARAMETER", of["bytes"], label, symbol=symbol)
    if name == "active":
        column, file, key = "active_parameters_billions", "models.csv", {"model": of["model"]}
    else:
        file, key, column = "hardware.csv", {"gpu": of["gpu"]}, "memory_bandwidth_gb_per_s"
        if name == "peak":
            formats = number_formats.COMPUTE[of["precision"]]
            column = max((f"peak_{kind}_tflop_per_s" for kind in formats), key=lambda peak: of[peak] or 0.0)
    label = f"{column.replace('_', ' ')} of {next(iter(key.values()))}"
    return asked.resource(file, key, column, symbol=symbol, label=label)
