"""One assumption at a time: sweeps over a range, and a tornado's P5 and P95."""

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.medians import medians
from inference_energy.explain.derivations.scenarios import energy_of, of_a_fleet
from inference_energy.explain.step import Node
from inference_energy.explain.trace import Traced, leaf, node_of
from inference_energy.fleet import planning, sweeps, tornado
from inference_energy.fleet.scenarios import queries_of

NOTES = {
    "model": "one model of the class serves everything: the one that needs least, or most",
    "gpu": "one GPU of the study serves everything: the one that needs least, or most",
    "coupling": "low: as it is; high: power as saturated all of the time, P(1) / (load attainment)",
    "lengths": "every prompt at the P5, or P95, of the workload's prompts",
}


def sweep(asked: Asked) -> Node:
    """A number of `sweeps`."""
    row, parameter = asked.row, asked.row["parameter"]
    place = asked.build.study(asked.study)["sweeps"][parameter].index(row["value"])
    key = asked.entry("sweeps", parameter, place, label=f"{parameter}, set by the sweep")
    if asked.column == "value":
        return asked.same(key)
    if parameter == sweeps.OF_A_DAY:
        return _sweep_of_shares(asked, leaf(key))
    # Lengths are set for every query, in arrays.
    service, value = of_a_fleet(asked), row["value"] if parameter in sweeps.OF_A_QUERY else leaf(key)
    moved = sweeps.at(service, medians(service), service.study.fleet.subject, parameter, value)
    (energy,) = (energy for workload, _, energy in moved if workload == row["workload"])
    note = "over draws of the other shared uncertainty; the closed form has it at its median"
    return asked.node(children=[energy.step(), key], note=note)


def _sweep_of_shares(asked: Asked, share: Traced) -> Node:
    """Energy of a day from the mean energies of its workloads, in which it is linear."""
    study, column = of_a_fleet(asked).study, f"energy_wh_{asked.column}"
    found = {"boundary": study.boundary.fleet, "spread": "shared"}
    day = sum(
        planning.energy_gwh_per_day(
            queries_per_day=queries, energy_wh=energy_of(asked, column, workload=workload, **found)
        )
        for workload, queries in queries_of(share, study.fleet.queries_per_day).items()
    )
    if asked.column == "mean" or asked.row["value"] in (0.0, 1.0):
        return asked.follows(day)
    return asked.follows(day, exact=False, note="the sum of two quantiles only approximates the quantile of the sum")


def moved(asked: Asked) -> Node:
    """A number of `tornado`."""
    row, service, note = asked.row, of_a_fleet(asked), asked.node().note
    if asked.column == "central":
        found = tornado.quantities(service, medians(service))
    else:
        found = tornado.at_ends(service, medians(service), row["ingredient"])[asked.column.removeprefix("at_")]
        note = NOTES.get(row["ingredient"], note)
    _, value = found[row["quantity"]]
    return asked.follows(node_of(value, row["quantity"]), note=note)
