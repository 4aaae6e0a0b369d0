"""Coefficients that are transferred from related configurations: the median of theirs, each scaled."""

import numpy as np
import polars as pl

from inference_energy.corpus import number_formats
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.step import Node, computed
from inference_energy.explain.trace import Traced, leaf
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


def coefficient(asked: Asked, target: dict, kinship: str, column: str, symbol: str) -> Node:
    """A coefficient transferred from relatives: the median of theirs, each scaled."""
    found = []
    for row in borrowing.relatives(facts(asked), target, kinship).iter_rows(named=True):
        own = leaf(asked.of("throughput_configurations", row, column, "x"))
        scaled = _scaled(asked, own, kinship, column, target, row)
        found.append(scaled.step(f"of {row['configuration']}", f"r_{len(found) + 1}"))
    note = f"median over {len(found)} relatives of kinship {kinship}, each scaled by what its coefficient depends on"
    return computed(
        column.replace("_", " "),
        f"median({', '.join(node.symbol for node in found)})",
        [*found, *assumed(borrowing.borrowed)],
        symbol=symbol,
        note=note,
        alike=True,
    )


def _scaled(asked: Asked, own: Traced, kinship: str, column: str, target: dict, row: dict) -> Traced:
    """A relative's coefficient, scaled as in `borrowing.borrowed`, which a test checks."""

    def ratio(name: str) -> Traced:
        """A fact of the target over that of the relative."""
        here, there = (leaf(_fact(asked, name, *of)) for of in ((target, f"{name}_own"), (row, f"{name}_other")))
        return here / there

    if kinship == "other_version":
        return own
    attention = column == "attention_s_per_token2"
    if kinship != "other_gpu":
        return own * (np.sqrt(ratio("active")) if attention else ratio("active"))
    if column == "prefill_s_per_token":
        return own / ratio("peak")
    return (own if attention else own * ratio("bytes")) / ratio("bandwidth")


def _fact(asked: Asked, name: str, of: dict, symbol: str) -> Node:
    """What a coefficient is scaled by, of one model and GPU."""
    if name == "bytes":
        label = f"bytes per parameter in {of['precision']}"
        return constant(number_formats, "BYTES_PER_PARAMETER", label, value=of["bytes"], symbol=symbol)
    if name == "active":
        column, file, key = "active_parameters_billions", "models.csv", {"model": of["model"]}
    else:
        file, key, column = "hardware.csv", {"gpu": of["gpu"]}, "memory_bandwidth_gb_per_s"
        if name == "peak":
            formats = number_formats.COMPUTE[of["precision"]]
            column = max((f"peak_{kind}_tflop_per_s" for kind in formats), key=lambda peak: of[peak] or 0.0)
    label = f"{column.replace('_', ' ')} of {next(iter(key.values()))}"
    return asked.resource(file, key, column, symbol=symbol, label=label)
