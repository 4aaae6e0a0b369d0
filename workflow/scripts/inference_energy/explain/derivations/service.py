"""Energies of studies of method `nested`, each next to its value with every input at its median."""

from dataclasses import replace

from inference_energy.common.step import Node
from inference_energy.energy import per_query, uncertainty
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.medians import Situation, drawn, points
from inference_energy.explain.sources import assumed, constant
from inference_energy.statistics.draws import REPLICATES

SPREADS = {
    "untrimmed": "random queries: variability between queries and shared uncertainty are both drawn",
    "per_query": "variability between queries of one fleet, what is shared at its weighted median (by summation)",
    "shared": "uncertainty of the mean over queries: one mean per draw of the shared uncertainty",
}
WEIGHTED = "A draw counts as much as it is probable that a service runs so."
SAMPLING_ERROR = {
    "untrimmed": f"from the scatter of {REPLICATES} independent replicates: of a quantile half the distance between the"
    " quantiles one standard error of rank below and above, of a mean the standard error itself",
    "per_query": "0: a sum, without draws",
}
SAMPLING_ERROR["shared"] = SAMPLING_ERROR["untrimmed"]
OPERATION = {
    "served_share": "models and GPUs of the study that enough draws allow at the operating point, by their shares",
    "reached_share": "share of the draws, over the models and GPUs that serve",
    "batch_p50": "of every draw its own batch; weighted median over draws, models and GPUs",
    "replica_gpus_p50": "of every draw the replica of least energy; weighted median over draws, models and GPUs",
}


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query` or `energy_by_boundary`."""
    row, column, spread = asked.row, asked.column, asked.row["spread"]
    if column == "draws":
        return _draws(asked)
    if column.endswith("_se"):
        value = asked.beside(column.removesuffix("_se"))
        return asked.node(children=[value, asked.beside("draws")], note=SAMPLING_ERROR[spread])
    form = Situation.of(asked).node(f"Closed form: mean energy of a query, boundary {row['boundary']}")
    if column in OPERATION:
        return asked.node(children=[*points(asked), form], note=f"{OPERATION[column]}; found by drawing")
    name = "Mean" if asked.quantile == "mean" else asked.quantile.upper()
    what = f"{name} of {row['draws']:,} draws: {SPREADS[spread]}. {WEIGHTED}"
    if spread == "per_query":
        return asked.node(children=[form], note=f"{name}: {SPREADS[spread]}")
    return asked.node(children=[form, *drawn(asked), *_mixes(asked), *assumed(uncertainty.shared_draws)], note=what)


def _mixes(asked: Asked) -> list[Node]:
    """Concentrations of the Dirichlet distributions of models and GPUs."""
    subject, found = asked.row["subject"], []
    if subject in asked.entries.classes and asked.entries.classes[subject].mix_concentration is not None:
        label = "concentration of the Dirichlet distribution of the models"
        found.append(asked.entry("classes", subject, "mix_concentration", label=label))
    if asked.entries.hardware_concentration is not None:
        label = "concentration of the Dirichlet distribution of the GPUs"
        found.append(asked.entry("hardware_concentration", label=label))
    return found


def _draws(asked: Asked) -> Node:
    """Draws of the shared uncertainty that count, and random queries of each."""
    most = asked.setting("service_draws")
    if asked.row["spread"] == "per_query":
        return asked.node(children=[most], note="1: a sum over weighted points of length, without draws")
    if asked.row["spread"] == "shared":
        return asked.node(children=[most, *points(asked)], note="those that reach the operating point")
    shared = replace(asked, row=_row(asked, "shared")).node(symbol="n", children=[most])
    each = constant(per_query, "QUERIES_PER_DRAW", "random queries of every draw", symbol="each")
    return asked.node("n * each", [shared, each])


def _row(asked: Asked, spread: str) -> dict:
    key = {name: asked.row[name] for name in ("study", "workload", "subject")}
    if asked.table == "energy_by_boundary":
        key["boundary"] = asked.row["boundary"]
    return asked.build.row(asked.table, **key, spread=spread)
