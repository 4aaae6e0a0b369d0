"""Evidence behind adopted ranges: pairs of rows that differ in one intervention, and measured power of GPU boards."""

import polars as pl

from inference_energy.energy import board_evidence, intervention_evidence
from inference_energy.energy.adopted import DECIMALS
from inference_energy.explain.asked import Asked
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node, number
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput.fits import PER_GPU

ENERGY = "energy_j_per_output_token"
ROW = ("source", "row_id")


def pair(asked: Asked) -> Node:
    """A number of `intervention_pairs`."""
    row, column = asked.row, asked.column
    names = {
        "after": {name: row[name] for name in ROW},
        "before": {name: row[f"reference_{name}"] for name in ROW},
    }
    if column.endswith("line"):
        return asked.node(children=[asked.corpus_row(names["before" if column.startswith("reference") else "after"])])
    if column == "energy_multiplier":
        columns = {name: name for name in ("multiplier", "power_ratio")}
        return asked.of_columns("multiplier / power_ratio", columns, note=row["basis"])
    if column == "power_ratio":
        gpus = {symbol: asked.build.row("throughput", **key)["gpu"] for symbol, key in names.items()}
        return asked.node("after / before", [_tdp(asked, gpu, symbol) for symbol, gpu in gpus.items()])
    measured = column == "measured_energy_multiplier" or row["acts_on"] == "energy"
    table, of = ("measured_energy", ENERGY) if measured else ("throughput", PER_GPU)
    rows = [asked.look_up(table, of, symbol, **key) for symbol, key in names.items()]
    return asked.node("before / after" if measured else "after / before", rows, note=row["basis"])


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


def adopted(asked: Asked, file: str, key: dict[str, str], quantity: str) -> tuple[Node, ...]:
    """P5 and P95 of a quantity in the row of a resource that has some cells, each with what its evidence gives."""
    _, cells = asked.build.registry_row(f"resources/{file}", **key)
    return tuple(
        asked.resource(
            file,
            key,
            f"{quantity}_{end}",
            symbol=end,
            note="derivation",
            children=_behind(asked, cells, quantity, end),
        )
        for end in ("p05", "p95")
    )


def _behind(asked: Asked, cells: dict[str, str], quantity: str, end: str) -> tuple[Node, ...]:
    """The quantile of the rows that a row of a resource names as its evidence; nothing where it names none."""
    if quantity == "multiplier" and cells["evidence"]:
        code, table, figure, limit = intervention_evidence, "intervention_pairs", "energy_multiplier", ", at least 1"
        name = cells["evidence"]
        rows = asked.build.rows(table, lever=name)
    elif quantity == "board_saturated_share_of_tdp" and cells["board_evidence"]:
        code, table, figure, limit = board_evidence, "board_power_shares", "board_share_of_tdp", ""
        name = cells["board_evidence"]
        rows = asked.build.rows(table, **dict(zip(("source", "gpu"), name.split(": "), strict=True)))
    else:
        return ()
    found = code.ranges(rows).row(0, named=True)
    share, value = f"P{100 * QUANTILES[end]:g}", found[f"{figure.removeprefix('energy_')}_{end}"]
    nearest = rows.sort((pl.col(figure) - value).abs(), *ROW)
    children = (
        asked.each(table, nearest, figure, f"rows of {table}, {name}, those nearest to {share} first"),
        Node(label=f"assumptions behind {table}", children=assumed(code)),
    )
    label = f"{share} of {len(rows)} rows of {table}, {name}, {found['models']} models"
    return (number("", label, value, note=f"adopted rounded to {DECIMALS} decimals{limit}", children=children),)
