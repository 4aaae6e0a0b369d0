"""Assumptions over a range: sweeps of one or two at a time, and a tornado's P5 and P95."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import getitem

import numpy as np

from inference_energy.common.step import Node, listed, number
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import distributions
from inference_energy.explain.derivations.medians import OVER_SHARED, Situation, drawn, over_draws
from inference_energy.explain.derivations.scenarios import of_shares
from inference_energy.explain.trace import Traced, leaf
from inference_energy.fleet import planning, tornado
from inference_energy.studies.study import WORKLOADS
from inference_energy.studies.swept import OF_A_DAY

AXES = {"x": "x_parameter", "y": "y_parameter"}  # columns of `sweep_grids`


def sweep(asked: Asked) -> Node:
    """A number of `sweeps`."""
    parameter = asked.row["parameter"]
    return _swept(asked, {"value": parameter}, {"value": ("sweeps", parameter)})


def grid(asked: Asked) -> Node:
    """A number of `sweep_grids`."""
    parameters = {axis: asked.row[name] for axis, name in AXES.items()}
    return _swept(asked, parameters, {axis: ("grids", asked.row["grid"], name) for axis, name in parameters.items()})


def _swept(asked: Asked, parameters: Mapping[str, str], keys: Mapping[str, tuple[str, ...]]) -> Node:
    """The number with some assumptions set: by column of their values their names, and the keys that list them."""
    row, nodes = asked.row, {}
    for column, parameter in parameters.items():
        place = reduce(getitem, keys[column], asked.build.study(asked.study)).index(row[column])
        nodes[column] = asked.entry(*keys[column], place, label=f"{parameter}, set", symbol=parameter)
    if asked.column in parameters:
        return asked.same(nodes[asked.column])
    spec = asked.entries
    boundary = spec.boundary.fleet if OF_A_DAY in parameters.values() else spec.boundary.query
    facts = {"subject": spec.fleet.subject, "boundary": boundary}
    found = {}
    for workload in WORKLOADS if row["workload"] == "all" else (row["workload"],):
        of = Situation.of(asked, workload=workload, **facts)
        for column, parameter in parameters.items():
            of = of.with_value(parameter, row[column], nodes[column])
        found[workload] = of
    if row["workload"] == "all":
        (long,) = (leaf(nodes[column]) for column, name in parameters.items() if name == OF_A_DAY)
        form = _day(asked, found, long)
    else:
        form = found[row["workload"]].energy()
    return over_draws(asked, form.step("closed form"), *nodes.values(), setting="sweep_draws")


def _day(asked: Asked, fleet: Mapping[str, Situation], long_share: Traced) -> Traced:
    """Energy of a day of the fleet, GWh."""
    return sum(
        planning.energy_gwh_per_day(queries_per_day=queries, energy_wh=fleet[workload].energy())
        for workload, queries in of_shares(asked, asked.study, long_share).items()
    )


# Tornado


def moved(asked: Asked) -> Node:
    """A number of `tornado`."""
    row, end = asked.row, asked.column.removeprefix("at_")
    name = row["ingredient"]
    fleet, label, note = _outcome(asked), "closed form", f"expected value {OVER_SHARED}"
    if end != "central" and name in ("model", "gpu"):
        found = _alone(asked, fleet, name)
        return asked.node(children=[found], note=f"expected value of the one that needs {ENDS[end]}")
    if end != "central" and name == "serving":
        note = "P5 or P95 over the draws of the serving model; the closed form is their middle"
    elif end != "central" and (name, end) != ("replicas", "low"):
        share = tornado.ENDS[end]
        fleet = {workload: _at_end(of, name, share) for workload, of in fleet.items()}
        label = f"closed form: {name} at {distributions.at_words(share)}"
    return asked.node(children=[_form(asked, fleet, label), *drawn(asked, "sweep_draws")], note=note)


ENDS = {"low": "least", "high": "most"}


def _outcome(asked: Asked) -> dict[str, Situation]:
    """The workloads that a quantity of the tornado is of."""
    spec, quantity = asked.entries, asked.row["quantity"]
    mixed = quantity.startswith(tornado.MIXED)
    facts = {"subject": spec.fleet.subject, "boundary": spec.boundary.fleet if mixed else spec.boundary.query}
    names = WORKLOADS if mixed else (quantity.partition(":")[0],)
    return {name: Situation.of(asked, workload=name, **facts) for name in names}


def _form(asked: Asked, fleet: Mapping[str, Situation], label: str = "closed form") -> Node:
    """The energy of a query, or of the mixed day."""
    if len(fleet) == 1:
        (of,) = fleet.values()
        return of.node(label)
    long = asked.entry("fleet", "scenarios", tornado.MIXED, "long_share", symbol="long_share")
    return _day(asked, fleet, leaf(long)).step(label, unit="GWh/day")


def _at_end(of: Situation, name: str, share: float) -> Situation:
    """A situation with the distributions of an ingredient at a share of probability."""
    if name == "replicas":
        return replace(of, service=tornado.with_largest_replicas(of.service))
    if name == "lengths":
        service = tornado.with_prompts(of.service, share)
        length = float(service.lengths[of.workload].input_tokens[0])
        keys = ("workloads", of.workload)
        label = f"every prompt as long as {distributions.at_words(share)} of them"
        node = number("L_in", label, length, "tokens", children=(of.entry(*keys, value=None),))
        return replace(of, service=service, sets={"input_tokens": node})
    shared, sets = of.service.shared, {}
    for each in tornado.distributions_of(of.service, name):
        distribution = of.service.given.distributions[each]
        shared = shared.replaced(each, distribution.quantile(np.array(share)))
        sets[each] = distributions.ingredient(of.asked, distribution, each, share, "", of.entry)
    return replace(of, service=of.service.sharing(shared), sets=sets)


def _alone(asked: Asked, fleet: Mapping[str, Situation], what: str) -> Node:
    """One model, or one GPU, that serves everything: each of the study."""
    alone = {workload: tornado.each_alone(of.service, what) for workload, of in fleet.items()}
    found = []
    for name in next(iter(alone.values())):
        there = {workload: replace(of, service=alone[workload][name]) for workload, of in fleet.items()}
        found.append(_form(asked, there, name if isinstance(name, str) else " ".join(name)))
    return listed(sorted(found, key=lambda node: node.value), f"closed forms: each {what} alone")
