"""Comparison of estimates: the bridge between methods, one query by every method, published statements."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common.step import Node, number
from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.service import Service
from inference_energy.explain.asked import Asked, shared
from inference_energy.explain.derivations import oviedo
from inference_energy.explain.derivations.medians import OVER_SHARED, Situation
from inference_energy.explain.derivations.scenarios import day_by_workload
from inference_energy.explain.derivations.validation.peers import said
from inference_energy.explain.derivations.validation.ratios import share, statistic
from inference_energy.explain.sources import assumed, constant
from inference_energy.explain.trace import Traced, leaf, named
from inference_energy.fleet.tornado import at_medians
from inference_energy.headline import overstatement
from inference_energy.headline.bridge import declared
from inference_energy.headline.declarations import ENERGY, Cell
from inference_energy.validation import methods, statements
from inference_energy.validation.methods import ALWAYS_SATURATED, MEASURED, OURS, SATURATED
from inference_energy.validation.peers.peer import energy_per_query_wh

OF_LENGTHS = "Closed form: energy of a query of these lengths, every input at its median"


def bridge(asked: Asked) -> Node:
    """A number of `method_bridge`."""
    row, column = asked.row, asked.column
    steps = asked.build.config["bridge"]["steps"]
    change = asked.setting("bridge", "steps", row["study"], label=f"step {row['step']}")
    if column == "step":
        return asked.node(children=[change], note="place in the order of the bridge")
    if column == "before" and row["step"] > 1:
        earlier = asked.look_up("method_bridge", "after", step=row["step"] - 1, quantity=row["quantity"])
        return asked.same(earlier, note="after the step before")
    if column == "before":
        return asked.same(_in_tables(asked, asked.build.config["bridge"]["from"]))
    if row["study"] == list(steps)[-1] and row["study"] in asked.build.methods:
        return asked.same(_in_tables(asked, row["study"]), change)
    form = _closed(asked)
    note = "quantile or mean over the draws of this step's study; the closed form has every input at its median"
    return asked.node(children=[change, *_what_differs(asked), form], note=note)


def _declared(asked: Asked, study: str) -> Cell:
    """The number of the study's tables that the quantity of a row is declared to be."""
    subject = asked.build.study(asked.build.current)["fleet"]["subject"]
    return declared(subject, asked.build.study(study)["method"])[asked.row["quantity"]].source


def _in_tables(asked: Asked, study: str) -> Node:
    cell = _declared(asked, study)
    return asked.look_up(cell.table, cell.column, study=study, **cell.names)


def _closed(asked: Asked) -> Node:
    cell, spec = _declared(asked, asked.row["study"]), asked.build.typed_study(asked.row["study"])
    if cell.table == ENERGY:
        of = Situation.of(asked, subject=spec.fleet.subject, workload=cell.key[0], boundary=spec.boundary.query)
        return of.node("Closed form: mean energy of a query, shared uncertainty at its median")
    there = replace(asked, row=asked.row | {"scenario": cell.key[0], "boundary": spec.boundary.fleet})
    return sum(day_by_workload(there).values()).step("Closed form: energy of a day", unit="GWh/day")


def _what_differs(asked: Asked) -> list[Node]:
    """Keys that differ between the study of the step and the one before."""
    names = [asked.build.config["bridge"]["from"], *asked.build.config["bridge"]["steps"]]
    before = names[names.index(asked.row["study"]) - 1]
    if asked.build.study(before)["method"] == "published":
        return [asked.entry("method")]
    old, new = asked.build.study(before), asked.build.study(asked.row["study"])
    return [
        asked.entry(key, value=None, note=f"{key} in {before}: {str(old.get(key))[:150]}")
        for key in new
        if key not in ("title", "description") and old.get(key) != new[key]
    ]


# One query by every method


def query(asked: Asked) -> Node:
    """A number of `cross_methods`."""
    row, column = asked.row, asked.column
    if column == "input_tokens":
        return asked.same(asked.setting("cross_methods", column))
    if column == "output_tokens":
        place = asked.build.config["cross_methods"][column].index(row[column])
        return asked.same(asked.setting("cross_methods", column, place))
    if row["method"] == MEASURED:
        return _measured(asked)
    if row["method"] in (OURS, SATURATED):
        return _ours(asked)
    facts = {"gpu": methods.H100, "model": row["model"], "output_tokens": row["output_tokens"]}
    found = said(asked, row["method"], facts, row["boundary"])
    return asked.follows(found, asked.beside("output_tokens"), note=found.label)


def _measured(asked: Asked) -> Node:
    runs = asked.build.rows("measured_energy", model=asked.row["model"], boundary="gpu_boards")
    chats = runs.filter(pl.col("prompts").str.contains(methods.CHAT)).sort("energy_j_per_output_token")
    least = chats.row(0, named=True)
    energy = least["energy_j_per_output_token"]
    run = asked.benchmark(least, value=energy, symbol="J", label="chat run with the least energy")
    tokens = asked.beside("output_tokens", "T")
    return asked.follows(energy_per_query_wh(j_per_output_token=leaf(run), output_tokens=leaf(tokens)))


def _of_lengths(asked: Asked, study: str, subject: str, changes: Mapping | None = None) -> Situation:
    """Queries of a study, with changes, of the lengths of a row; those of traditional queries where it has none."""
    name = statements.UNSTATED
    of = Situation.of(asked, study=study, subject=subject, workload=name)
    lengths = {side: asked.row[side] for side in ("input_tokens", "output_tokens")}

    def read() -> Service:
        changed = of.service.changed(changes) if changes else of.service
        medians = changed.sharing(at_medians(changed)) if changes else changed
        return statements.with_stated(medians, **lengths)

    service = asked.build.once("stated", study, subject, *lengths.values(), changes is None, read=read)
    sets = {side: asked.beside(side) for side, tokens in lengths.items() if tokens is not None}
    if "input_tokens" in sets:
        sets[cached_name(name)] = number("", "cached share of a prompt of stated length, sent alone", 0.0)
    return replace(of, service=service, sets=sets)


def _ours(asked: Asked) -> Node:
    place, behind = (asked.build.current, asked.row["model"]), [asked.beside("output_tokens")]
    if asked.row["method"] == OURS:
        of = _of_lengths(asked, *place)
    else:
        of = _of_lengths(asked, *place, ALWAYS_SATURATED)
        behind.append(constant(methods, "ALWAYS_SATURATED", "changes of the study: saturated all day", value=None))
        sets = {name: replace(behind[-1], label=f"{name}, set") for name in ALWAYS_SATURATED["day"]}
        of = replace(of, sets=of.sets | sets)
    return asked.node(children=[of.node(OF_LENGTHS), *behind], note=OVER_SHARED)


def parts(asked: Asked) -> Node:
    """A number of `cross_method_parts`."""
    key = {name: asked.row[name] for name in ("model", "output_tokens")}
    rows = asked.build.rows("cross_methods", **key)
    if asked.column == "output_tokens":
        return asked.same(asked.of("cross_methods", rows.row(0, named=True), "output_tokens"))

    def cell(method: str, boundary: str, symbol: str) -> Traced:
        there = rows.filter(method=method, boundary=boundary).row(0, named=True)
        return leaf(asked.of("cross_methods", there, "energy_wh", symbol))

    def spread(energies: list[Traced], symbol: str, label: str) -> Traced:
        by_value = sorted(energies, key=lambda energy: energy.value)
        return named(by_value[-1] / by_value[0], f"highest over lowest, {label}", symbol)

    ours, saturated = cell(OURS, "datacenter", "current"), cell(SATURATED, "datacenter", "saturated")
    widest, aligned = [], []
    for (method,), group in rows.filter(pl.col("method") != SATURATED).group_by("method", maintain_order=True):
        boundary = next(name for name in ("datacenter", "node", "gpu_boards") if name in group["boundary"].to_list())
        own = cell(method, boundary, method)
        widest.append(own)
        scaled = own * ours / cell(OURS, boundary, "current_there")
        aligned.append(named(scaled, f"{method}, scaled to the datacenter", method))
    whole = spread(widest, "whole", "each at its own widest boundary")
    at_one = spread(aligned, "at_one", "at one boundary")
    operation = named(ours / saturated, "this work over the same saturated all day", "operation")
    factor = {
        "whole": whole,
        "boundary": whole / at_one,
        "operating point and day": np.minimum(operation, at_one),
        "method": at_one / np.minimum(operation, at_one),
    }[asked.row["part"]]
    return asked.follows(factor)


# Published statements

STATED = ("energy_wh", "input_tokens", "output_tokens")


def statement(asked: Asked) -> Node:
    """A number of `statements`."""
    row, column = asked.row, asked.column
    if column in STATED:
        return asked.same(_stated(asked, column))
    of = _of_lengths(asked, row["study"], row["compared_with"])
    said_so = _stated(asked, "energy_wh", label="the statement, with its tokens and boundary")
    return asked.node(children=[of.node(OF_LENGTHS), said_so, *assumed(statements)], note=OVER_SHARED)


def _stated(asked: Asked, column: str, **facts: str) -> Node:
    """What the published estimate that a row is about states."""
    return replace(asked.look_up("published_estimate", column, **asked.run), **facts)


def pair(asked: Asked) -> Node:
    """A number of `overstatement_pairs`."""
    if asked.column in STATED:
        return asked.same(_stated(asked, asked.column))
    prompt, answer = (
        leaf(asked.beside(f"{side}_tokens", symbol)) for side, symbol in (("input", "L_in"), ("output", "L_out"))
    )
    note = "with its lengths fixed, the energy is log-normal: its median is the energy at the medians of its factors"
    form = oviedo.of_lengths(asked, asked.row["model"], prompt, answer)
    return asked.follows(form, *assumed(overstatement), note=note)


def kind_of_statement(asked: Asked) -> Node:
    """A number of `statement_kinds`."""
    column, (factors, compared) = asked.column, _of_kind(asked, asked.study, asked.row["kind"])
    if column == "estimates":
        return asked.stated("statements", len(factors), compared)
    if column.startswith("share"):
        within = factors.is_between(*statements.PUBLISHED_RANGE)
        counted = within if "within" in column else factors > statements.PUBLISHED_RANGE[1]
        return share(asked, int(counted.sum()), len(factors), compared)
    return statistic(asked, column.removeprefix("factor_").replace("p50", "median"), factors, compared)


@shared
def _of_kind(asked: Asked, study: str, kind: str) -> tuple[pl.Series, Node]:
    """Factors of the statements of a kind, also as a step."""
    rows = asked.build.rows("statements", study=study, kind=kind).drop_nulls("factor").sort("factor")
    label, words = "{subject}: statement over estimate", "statements that can be compared"
    return rows["factor"], asked.each("statements", rows, "factor", words, label)
