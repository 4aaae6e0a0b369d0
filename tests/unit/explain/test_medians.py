"""Where a service runs, traced: by hand on the tiny service, and as its energies are computed."""

from functools import reduce
from operator import getitem
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from inference_energy.common.step import Node, evaluate, number
from inference_energy.explain.derivations.medians import Situation, with_medians
from inference_energy.explain.derivations.middle import _has, _replaced
from inference_energy.explain.trace import following
from inference_energy.studies.study import BOUNDARIES
from tiny_service import NODES, OVERHEADS, POWER_W, SECONDS, G, H, entries, frontier, on, tables, tiny_service

CELLS = {row["gpu"]: row for row in NODES} | {row["overhead"]: row for row in OVERHEADS}
CELLS |= {of["gpu"]: of | CELLS[of["gpu"]] for of in (G, H)}


def asked(**study):
    """A number of a made-up build: every source is a step that names itself."""
    given, known = entries(**study), {}

    def once(*place, read):
        return known[place] if place in known else known.setdefault(place, read())

    def entry(*keys, study, **facts):
        value = reduce(getitem, keys, given)
        shown = value if isinstance(value, int | float) else None
        return Node(**{"label": ".".join(map(str, keys)), "value": shown} | facts)

    def resource(file, key, column, note="", **facts):
        (name,) = key.values()
        return Node(**{"label": column, "value": CELLS[name][column]} | facts)

    build = SimpleNamespace(
        once=once,
        study=lambda name: given,
        table=lambda name: tables().effects,
        rows=lambda name, **key: tables().rates.filter(**key),
    )
    return SimpleNamespace(
        build=build,
        entry=entry,
        resource=resource,
        cited=lambda table, column, *behind, **key: Node(label=f"{table} {key}"),
        workload_line=lambda row, columns, **facts: Node(label="line", **facts),
    )


def situation(subject="frontier", workload="traditional", boundary="datacenter", draws=4, of=None, **study):
    service = with_medians(tiny_service(draws=draws, of=of, **study))
    facts = {"subject": subject, "workload": workload, "boundary": boundary}
    return Situation(asked=asked(**study), study="tiny", service=service, **facts)


def energy(of):
    with following():
        return of.energy()


def evaluated(node):
    """The value of a step by its formula and those of the steps below it."""
    if not node.formula:
        return node.value
    return evaluate(node.formula, {step.symbol: evaluated(step) for step in node.children if step.symbol})


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("workload", SECONDS)
def test_the_chain_of_a_known_query_by_hand(workload, boundary):
    found = energy(situation(workload=workload, boundary=boundary))
    assert found.value == pytest.approx(SECONDS[workload] * POWER_W[boundary] / 3600, rel=1e-6)
    assert evaluated(found.step()) == pytest.approx(found.value, rel=1e-9)


def test_the_terms_of_a_step_by_hand():
    """1 ms for eight tokens; 100 ms of a prompt and 62.5 ms of attention over 500 tokens, see `tiny_service`."""
    of = situation()
    with following():
        seconds = of.seconds(0).step()
    parts = {step.symbol: step for step in seconds.children}
    assert parts["prefill_s"].value == pytest.approx(1e-4, rel=1e-6)
    assert parts["decode_s"].value == pytest.approx(1.25e-4, rel=1e-6)
    assert parts["attention_s"].value == pytest.approx(1e-7, rel=1e-6)
    time = next(step for step in parts["decode_s"].children if step.symbol == "T")
    terms = {step.symbol: step.value for step in time.children if step.symbol}
    assert terms.pop("R") == pytest.approx(0.1 / 500, rel=1e-6)
    assert terms["M"] == pytest.approx(1.25e-4 + 0.0625 / 500, rel=1e-6)
    assert terms["O"] == pytest.approx(0, abs=1e-9) and terms["C"] == pytest.approx(0, abs=1e-9)
    assert time.value == pytest.approx(SECONDS["traditional"] / 500, rel=1e-6)


def test_models_share_queries_by_weight_and_gpus_by_number_and_speed():
    """Three quarters are of A. H is twice as fast as G: of as many it serves two thirds."""
    of = situation(classes=frontier(A=3, B=1), hardware=on(G=0.5, H=0.5))
    names = of.service.members.names
    shares = {names[place][:2]: of.share(place).value for place in of.places}
    by_hand = {("A", "G"): 1 / 4, ("A", "H"): 1 / 2, ("B", "G"): 1 / 12, ("B", "H"): 1 / 6}
    assert shares == pytest.approx(by_hand, rel=1e-9)
    means, _ = of.service.mean_wh("frontier", "traditional")
    assert energy(of).value == pytest.approx(means["datacenter"][0], rel=1e-9)


def test_the_load_of_a_day_by_hand():
    """Two thirds are needed on average; of the other third half is released: five sixths are on, 0.8 of that works."""
    of = situation(day={"arrivals": "day_and_night", "headroom": 1, "released_share": 0.5})
    with following():
        assert of.load.value == pytest.approx(0.8)
        assert of.kept_at(12).value == pytest.approx(1 - 0.5 * (1 - 0.5 / 1.5))
    means, _ = of.service.mean_wh("frontier", "traditional")
    found = energy(of)
    assert found.value == pytest.approx(means["datacenter"][0], rel=1e-9)
    assert evaluated(found.step()) == pytest.approx(found.value, rel=1e-9)


def test_rated_power_is_that_of_the_node():
    """8 kW of eight GPUs, half used: 500 W of a GPU, times PUE."""
    found = energy(situation(power={"form": "rated", "node_kw": {"default": 8}, "utilisation": 0.5}))
    assert found.value == pytest.approx(SECONDS["traditional"] * 500 * 1.2 / 3600, rel=1e-6)


def test_a_value_that_is_set_replaces_the_entry():
    node = number("", "set by a sweep", 2.4)
    twice = situation().with_value("pue", 2.4, node)
    assert energy(twice).value == pytest.approx(2 * energy(situation()).value, rel=1e-9)
    assert twice.ingredient("pue").step().label == "set by a sweep"


def test_an_intervention_changes_the_numbers_and_names_its_own_entry():
    of = situation()
    after = of.changed(("pue",))
    assert energy(of).value / energy(after).value == pytest.approx(1.2, rel=1e-9)
    assert after.entry("pue").label == "interventions.levers.pue.changes.pue"
    assert after.entry("day", "headroom").label == "day.headroom"


def test_of_weighted_draws_the_middle_one_is_shown():
    """Two decades of time: the energy of the draw in the middle lies inside, and its formulas give it."""
    of = situation(draws=101, of=tables(deviations={"time_network_gpu": 1.0}))
    energies = of.found.mean_seconds()[:, 0] * of.found.wh_per_gpu_second["datacenter"][:, 0]
    found = energy(of)
    assert found.value == pytest.approx(np.median(energies), rel=1e-9)
    assert energies.max() / energies.min() > 10
    assert evaluated(found.step()) == pytest.approx(found.value, rel=1e-9)


def test_what_nothing_reaches_has_no_chain():
    found = situation(serving={"speed_tok_per_s": 1e9, "replica_gpus": [1]}).node("Closed form")
    assert found.value is None and not found.formula and "none" in found.label


def test_a_gpu_without_a_node_of_its_own_has_the_mean_of_the_measured_ones():
    of = situation(of=tables(node_power=pl.DataFrame(NODES[:1])), hardware=on(H=1))
    cell = of._cell("H", "host_idle_kw_per_gpu").step()
    assert cell.value == pytest.approx(0.1) and cell.label.endswith("mean of the measured nodes")


def test_keys_of_entries_and_of_changes():
    study = {"hardware": [{"share": 1}], "pue": 1.2}
    assert _has(study, ()) and _has(study, ("hardware", 0, "share")) and not _has(study, ("hardware", 1))
    assert not _has(study, ("pue", "p05"))
    # A number, or a distribution, replaces all of what was there; any other mapping only what it has.
    assert _replaced({"pue": 1}, ("pue", "p05")) and _replaced({"pue": {"family": "beta"}}, ("pue", "above"))
    assert not _replaced({"day": {"headroom": 1}}, ("day", "released_share"))
