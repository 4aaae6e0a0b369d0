"""Estimates side by side: the bridge between methods, one query by every method, statements of others."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common import conversions
from inference_energy.energy.assumptions import cached_name
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.peers import said
from inference_energy.explain.derivations.service import Situation, energy_at
from inference_energy.explain.sources import assumed, benchmark, config_key, constant, study_key
from inference_energy.explain.step import Node, computed, number, total
from inference_energy.headline.bridge import declared
from inference_energy.headline.declarations import ENERGY, Cell
from inference_energy.requests.lengths import Lengths
from inference_energy.studies.study import WORKLOADS
from inference_energy.validation import methods, statements
from inference_energy.validation.methods import MEASURED, OFFLINE, OURS

ONE = "one"  # a query of given lengths


def bridge(asked: Asked) -> Node:
    """A number of `method_bridge`."""
    row, column = asked.row, asked.column
    if column == "factor":
        return asked.node("after / before", [asked.beside("after", "after"), asked.beside("before", "before")])
    steps = asked.evidence.config["bridge"]["steps"]
    change = config_key(asked.evidence, ["bridge", "steps", row["study"]], row["change"], label=f"step {row['step']}")
    if column == "step":
        return asked.node(children=[change], note="place in the order of the bridge")
    if column == "before" and row["step"] > 1:
        earlier = asked.evidence.row("method_bridge", step=row["step"] - 1, quantity=row["quantity"])
        return asked.node("x", [asked.of("method_bridge", earlier, "after", "x")], note="after the step before")
    if column == "before":
        return asked.node("x", [_in_tables(asked, asked.evidence.config["bridge"]["from"])])
    of_last = row["study"] == list(steps)[-1] and row["study"] in asked.evidence.methods
    # A median of queries is of `fleet_draws` here, of `draws` in the tables of the study.
    if of_last and _declared(asked, row["study"]).column != "energy_wh_p50":
        return asked.node("x", [_in_tables(asked, row["study"]), change])
    form = _closed(asked)
    note = "quantile or mean over draws of the study of this step; the closed form has everything at its median"
    return asked.node(children=[change, *_what_differs(asked), form], note=note)


def _declared(asked: Asked, study: str) -> Cell:
    """The number of the study's tables that the quantity of a row is declared to be."""
    subject = asked.evidence.study(asked.evidence.current)["fleet"]["subject"]
    return declared(subject, asked.evidence.study(study)["method"])[asked.row["quantity"]].source


def _in_tables(asked: Asked, study: str) -> Node:
    cell = _declared(asked, study)
    return asked.of(cell.table, asked.evidence.row(cell.table, study=study, **cell.names), cell.column, "x")


def _closed(asked: Asked) -> Node:
    study = asked.row["study"]
    cell, spec = _declared(asked, study), asked.evidence.study(study)
    subject, boundary = spec["fleet"]["subject"], spec["boundary"]
    here = replace(asked, row=asked.row | {"study": study})
    if cell.table == ENERGY:
        of = Situation.of(here, subject=subject, workload=cell.key[0], boundary=boundary["query"])
        return replace(
            energy_at(here, of), label="Closed form: mean energy of a query, everything shared at its median"
        )
    scenario = spec["fleet"]["scenarios"][cell.key[0]]
    terms = []
    for workload in WORKLOADS:
        of = Situation.of(here, subject=subject, workload=workload, boundary=boundary["fleet"])
        share = scenario["long_share"] if workload == "long" else 1 - scenario["long_share"]
        keys = ["fleet", "queries_per_day"]
        queries = study_key(asked.evidence, study, keys, spec["fleet"]["queries_per_day"], symbol="queries")
        children = [
            queries,
            number("share", f"share of {workload} queries", share),
            replace(energy_at(here, of), symbol="E"),
        ]
        terms.append(computed(f"{workload} queries", "queries * share * E / 1e9", children, symbol="D"))
    note = "without the levers, which are pulled in the table" if scenario["interventions"] else ""
    return replace(total("Closed form: energy of a day", terms, unit="GWh/day"), note=note)


def _what_differs(asked: Asked) -> list[Node]:
    """The keys that the study of the step and the one before it do not share."""
    names = [asked.evidence.config["bridge"]["from"], *asked.evidence.config["bridge"]["steps"]]
    before = names[names.index(asked.row["study"]) - 1]
    if asked.evidence.study(before)["method"] == "published":
        return [study_key(asked.evidence, asked.row["study"], ["method"], "nested", label="method")]
    old, new = asked.evidence.study(before), asked.evidence.study(asked.row["study"])
    found = []
    for key in new:
        if key not in ("title", "description") and old.get(key) != new[key]:
            words = f"{key} in {before}: {str(old.get(key))[:150]}"
            found.append(study_key(asked.evidence, asked.row["study"], [key], note=words))
    return found


# One query by every method


def query(asked: Asked) -> Node:
    """A number of `cross_methods`."""
    row, column = asked.row, asked.column
    if column == "input_tokens":
        value = asked.evidence.config["cross_methods"][column]
        return asked.node("x", [config_key(asked.evidence, ["cross_methods", column], value, symbol="x")])
    if column == "output_tokens":
        values = asked.evidence.config["cross_methods"][column]
        place = values.index(row[column])
        return asked.node("x", [config_key(asked.evidence, ["cross_methods", column, place], row[column], symbol="x")])
    if row["method"] == MEASURED:
        return _measured(asked)
    if row["method"] in (OURS, OFFLINE):
        return _ours(asked)
    facts = {"gpu": methods.H100, "model": row["model"], "output_tokens": row["output_tokens"]}
    found = said(asked, row["method"], facts, row["boundary"])
    return asked.node(found.formula, [*found.children, asked.beside("output_tokens")], note=found.label)


def _measured(asked: Asked) -> Node:
    runs = asked.evidence.rows("measured_energy", model=asked.row["model"], boundary="gpu_boards")
    chats = runs.filter(pl.col("prompts").str.contains("(?i)chat")).sort("energy_j_per_output_token")
    least = chats.row(0, named=True)
    run = benchmark(
        asked.evidence,
        least,
        value=least["energy_j_per_output_token"],
        symbol="J",
        label="the chat run of least energy",
    )
    tokens = asked.beside("output_tokens", "T")
    seconds = constant(conversions, "J_PER_WH", conversions.J_PER_WH, "J per Wh", symbol="J_per_Wh")
    return asked.node("J * T / J_per_Wh", [run, tokens, seconds])


def single_query(
    asked: Asked, study: str, subject: str, boundary: str, tokens: tuple[float, float], **to: float
) -> Situation:
    """A query of given lengths by a study, everything shared at its median but what is set."""
    one = np.ones(1)
    lengths = Lengths(input_tokens=one * tokens[0], output_tokens=one * tokens[1], cached_share=one * 0, weights=one)
    service = replace(asked.evidence.service(study), lengths={ONE: lengths})
    shared = asked.evidence.medians(study).replaced(cached_name(ONE), 0.0)
    for name, value in to.items():
        shared = shared.replaced(name, value)
    words = {ONE: f"{tokens[0]:g} tokens in, {tokens[1]:g} out", cached_name(ONE): "0: a query that is sent alone"}
    words |= {name: f"set to {value:g}: saturated offline" for name, value in to.items()}
    return Situation(study, service, shared, subject, ONE, boundary, set_to=words)


def _ours(asked: Asked) -> Node:
    row = asked.row
    to = {"load": 1.0, "attainment": 1.0} if row["method"] == OFFLINE else {}
    tokens = (row["input_tokens"], row["output_tokens"])
    of = single_query(asked, asked.evidence.current, row["model"], row["boundary"], tokens, **to)
    note = "over draws of what the fleet shares; the closed form has everything at its median"
    return asked.node(children=[energy_at(asked, of), asked.beside("output_tokens")], note=note)


def parts(asked: Asked) -> Node:
    """A number of `cross_method_parts`."""
    row, rows = (
        asked.row,
        asked.evidence.rows("cross_methods", model=asked.row["model"], output_tokens=asked.row["output_tokens"]),
    )
    if asked.column == "output_tokens":
        return asked.node("x", [asked.of("cross_methods", rows.row(0, named=True), "output_tokens", "x")])

    def cell(method: str, boundary: str, symbol: str) -> Node:
        there = rows.filter(method=method, boundary=boundary).row(0, named=True)
        return asked.of("cross_methods", there, "energy_wh", symbol)

    widest, aligned = [], []
    for (method,), group in rows.filter(pl.col("method") != OFFLINE).group_by("method", maintain_order=True):
        boundary = next(name for name in ("datacenter", "node", "gpu_boards") if name in group["boundary"].to_list())
        own = cell(method, boundary, "x")
        widest.append(own)
        children = [own, cell(OURS, "datacenter", "ours"), cell(OURS, boundary, "ours_there")]
        aligned.append(computed(f"{method}, brought to the datacenter", "x * ours / ours_there", children))

    def spread(nodes: list[Node], symbol: str, label: str) -> Node:
        ends = {"high": max(nodes, key=lambda node: node.value), "low": min(nodes, key=lambda node: node.value)}
        return computed(label, "high / low", [replace(node, symbol=name) for name, node in ends.items()], symbol=symbol)

    whole = spread(widest, "whole", "highest over lowest, each at its own widest boundary")
    at_one = spread(aligned, "at_one", "highest over lowest at one boundary")
    service = computed(
        "ours in service over ours saturated offline",
        "ours / offline",
        [cell(OURS, "datacenter", "ours"), cell(OFFLINE, "datacenter", "offline")],
        symbol="service",
    )
    formula, children = {
        "whole": (whole.formula, whole.children),
        "boundary": ("whole / at_one", (whole, at_one)),
        "load and attainment": ("min(service, at_one)", (service, at_one)),
        "throughput and method": ("at_one / min(service, at_one)", (at_one, service)),
    }[row["part"]]
    return asked.node(formula, children)


# Statements of others


def statement(asked: Asked) -> Node:
    """A number of `statements`."""
    row, column = asked.row, asked.column
    printed = asked.evidence.row("published_estimate", source=row["source"], row_id=row["row_id"])
    if column in ("energy_wh", "input_tokens", "output_tokens"):
        return asked.node("x", [asked.of("published_estimate", printed, column, "x")])
    if column.startswith("factor"):
        name = {"factor": "ours_wh_p50", "factor_p05": "ours_wh_p95", "factor_p95": "ours_wh_p05"}[column]
        return asked.node("theirs / ours", [asked.beside("energy_wh", "theirs"), asked.beside(name, "ours")])
    study = row["study"]
    if row["output_tokens"] is None or row["input_tokens"] is None:
        of = _partly_stated(asked, study)
    else:
        tokens = (row["input_tokens"], row["output_tokens"])
        of = single_query(asked, study, row["compared_with"], row["boundary"], tokens)
    note = "over draws of what the fleet shares; the closed form has everything at its median"
    said_so = asked.of(
        "published_estimate", printed, "energy_wh", label="the statement, whose tokens and boundary are taken"
    )
    return asked.node(children=[energy_at(asked, of), said_so, *assumed(statements)], note=note)


def _partly_stated(asked: Asked, study: str) -> Situation:
    """Traditional queries of the study, with the lengths that a statement gives."""
    row, service = asked.row, asked.evidence.service(study)
    lengths, words = service.lengths[statements.UNSTATED], {}
    shared = asked.evidence.medians(study)
    for side in ("input_tokens", "output_tokens"):
        if row[side] is not None:
            lengths = replace(lengths, **{side: np.full_like(lengths.output_tokens, row[side])})
            words[side] = f"{row[side]:g}, as the statement says"
    if row["input_tokens"] is not None:
        lengths = replace(lengths, cached_share=np.zeros_like(lengths.cached_share))
        name = cached_name(statements.UNSTATED)
        shared, words[name] = shared.replaced(name, 0.0), "0: a query that is sent alone"
    there = replace(service, lengths=service.lengths | {statements.UNSTATED: lengths})
    return Situation(study, there, shared, row["compared_with"], statements.UNSTATED, row["boundary"], set_to=words)


def kind_of_statement(asked: Asked) -> Node:
    """A number of `statement_kinds`."""
    row, column = asked.row, asked.column
    rows = asked.evidence.rows("statements", study=row["study"], kind=row["kind"]).filter(
        pl.col("factor").is_not_null()
    )
    found = tuple(
        asked.of("statements", each, "factor", label=f"{each['subject']}: theirs over ours")
        for each in rows.sort("factor").iter_rows(named=True)
    )
    listed = Node(label=f"{len(found)} statements that can be compared", children=found, alike=True)
    factors = rows["factor"]
    if column == "estimates":
        return asked.node("n", [number("n", "statements", len(rows), children=(listed,))])
    if column.startswith("share"):
        within = factors.is_between(*statements.PUBLISHED_RANGE)
        counted = within if "within" in column else factors > statements.PUBLISHED_RANGE[1]
        part = number("k", "statements counted", int(counted.sum()), children=(listed,))
        return asked.node("k / n", [part, number("n", "statements", len(rows))])
    statistic = {"factor_p50": factors.median, "factor_min": factors.min, "factor_max": factors.max}[column]()
    return asked.node(
        "x", [number("x", f"{column.removeprefix('factor_')} of the factors", statistic, children=(listed,))]
    )
