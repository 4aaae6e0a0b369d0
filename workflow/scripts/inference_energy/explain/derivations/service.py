"""Energies of studies of method `nested`, each next to its value with the shared uncertainty at its median."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from inference_energy.energy import uncertainty
from inference_energy.energy.service import Member, query_wh
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.medians import Situation, medians
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node, number
from inference_energy.explain.trace import Traced, leaf, node_of
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput import gpu_time
from inference_energy.throughput.borrowing import OWN, RANGE_COLUMNS

SPREADS = {
    "untrimmed": "single queries: variability between queries and shared uncertainty are both drawn",
    "per_query": "variability between queries of one fleet, shared uncertainty at its median (by summation)",
    "shared": "uncertainty of the mean over queries: one mean per draw of the shared uncertainty",
}
SAMPLING_ERROR = {
    "untrimmed": "sampling error of the draws: sum over models of w sqrt(F (1 - F) / n), over the density there",
    "per_query": "0: a sum, without draws",
    "shared": "half the distance between the draws one standard error of rank below and above the quantile;"
    " of a mean the deviation over sqrt(n)",
}
WHY_NOT = "a closed form with every input at its median; it approximates the quantile of the draws"


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query` or `energy_by_boundary`."""
    row, column, spread = asked.row, asked.column, asked.row["spread"]
    if column in ("extrapolated_share", "borrowed_share"):
        return asked.follows(_share(asked))
    if column == "draws":
        return _draws(asked)
    if column.endswith("_se"):
        value = asked.beside(asked.column.removesuffix("_se"))
        return asked.node(children=[value, asked.beside("draws")], note=SAMPLING_ERROR[spread])
    if asked.quantile is None or column.endswith("_exact"):
        return asked.node()
    if spread == "per_query":
        return _per_query(asked)
    name = "Mean" if asked.quantile == "mean" else asked.quantile.upper()
    of_draws = f"{name} of {row['draws']:,} draws: {SPREADS[spread]}."
    rest = [*assumed(uncertainty.shared_draws), *_drawn_too(asked)]
    at_median = f"shared uncertainty at its median, boundary {row['boundary']}"
    if spread == "untrimmed" and asked.quantile != "mean":
        label, there = f"Variability between queries alone, {at_median}", _spread_row(asked, "per_query")
        fixed = asked.of("energy_by_boundary", there, column, label=label)
        note = f"{of_draws} Drawing the shared uncertainty widens and shifts the distribution."
        return asked.node(children=[fixed, _sibling(asked, "shared"), *rest], note=note)
    closed = Situation.of(asked).node(f"Closed form: mean energy of a query, {at_median}", note=WHY_NOT)
    other = _sibling(asked, "shared" if spread == "untrimmed" else "untrimmed")
    return asked.node(children=[closed, other, *rest], note=of_draws)


def _spread_row(asked: Asked, spread: str) -> dict:
    key = {name: asked.row[name] for name in ("study", "workload", "subject", "boundary")}
    return asked.build.row("energy_by_boundary", **key, spread=spread)


def _sibling(asked: Asked, spread: str) -> Node:
    other = replace(asked, table="energy_by_boundary", row=_spread_row(asked, spread))
    return other.node(label=f"{spread}, the same column: {SPREADS[spread]}", note="")


def _drawn_too(asked: Asked) -> list[Node]:
    """What is drawn besides the shared ingredients: weights of a class's models, fit errors of their curves."""
    subject, key, found = asked.row["subject"], "mix_concentration", []
    of_class = asked.entries.classes.get(subject)
    if of_class is not None and of_class.mix_concentration is not None:
        label = "concentration of the Dirichlet distribution of the model weights"
        found.append(asked.entry("classes", subject, key, label=label))
    if asked.entries.throughput.fit_error:
        members = asked.build.service(asked.study).weights(subject)
        rows = asked.build.rows("throughput_fit", study=asked.study)
        rows = rows.filter([member in members for member in rows["model", "gpu", "precision"].iter_rows()])
        words = "curves with their fit errors, log standard deviations, drawn with the rest"
        found.append(asked.each("throughput_fit", rows, "fit_error_log_sd", words, "{model} on {gpu}"))
    return found


def _per_query(asked: Asked) -> Node:
    of = Situation.of(asked)
    if asked.quantile == "mean":
        return asked.follows(of.node(), note=SPREADS["per_query"])
    energies, weights = _per_point(asked, of), of.service.lengths[of.workload].weights
    distances = {member: np.abs(np.log(each / asked.value)) for member, each in energies.items()}
    nearest = min(distances, key=lambda member: distances[member].min())

    def below(member: Member) -> Node:
        each = energies[member]
        share = float(weights @ (each < asked.value) + weights @ (each == asked.value) / 2)
        return number("F", f"share of the queries of {member[0]} on {member[1]} below {asked.value:.6g} Wh", share)

    note = f"of weighted points of length, interpolated: {QUANTILES[asked.quantile]:g} to within one point"
    shares = _over_members(of, below).step(f"Share of queries below {asked.value:.9g} Wh", note=note)
    mean = of.node(note="the mean of the same queries, model by model and GPU by GPU")
    query = _one_query(of, nearest, int(distances[nearest].argmin()))
    return asked.node(children=[query, shares, mean], note=SPREADS["per_query"])


def _per_point(asked: Asked, of: Situation) -> dict[Member, np.ndarray]:
    """Energy of the queries at every point of length, by member."""
    service = asked.build.service(asked.study).narrowed(of.subject, [of.workload], [of.boundary])
    shared, lengths, found = medians(service), service.lengths[of.workload], {}
    cached = uncertainty.cached_share(shared, of.workload)
    for member, energies in service.per_gpu_second(shared).items():
        curve, _ = service.curves[member]
        seconds = gpu_time.gpu_seconds(curve.coefficients(), curve.parts(lengths), cached)
        found[member] = query_wh(gpu_seconds=seconds, wh_per_gpu_second=energies[of.boundary])
    return found


def _over_members(of: Situation, value: Callable[[Member], Node]) -> Traced:
    """A value of every model and GPU, weighted."""
    weights = of.service.weights(of.subject, of.shared)
    return sum(weight * leaf(value(member), about=member[:2]) for member, weight in weights.items())


def _one_query(of: Situation, member: Member, point: int) -> Node:
    """A query whose energy is the quantile, or nearly: one model on one GPU at one pair of lengths."""
    lengths = of.service.lengths[of.workload]
    arrays = {name: getattr(lengths, name)[point : point + 1] for name in Lengths.__dataclass_fields__}
    one = replace(lengths, **arrays | {"weights": np.ones(1)})
    service = replace(of.service, lengths={of.workload: one})
    rate = service.per_gpu_second(of.shared)[member][of.boundary]
    energy = query_wh(gpu_seconds=service.mean_seconds(of.shared, of.workload, member), wh_per_gpu_second=rate)
    words = f"{member[0]} on {member[1]}, {one.input_tokens[0]:.0f} tokens in, {one.output_tokens[0]:.0f} out"
    return node_of(energy, f"A query of this energy: {words}")


def _share(asked: Asked) -> Traced:
    of = Situation.of(asked)

    def part(member: Member) -> Node:
        row = asked.build.row_of_fit(asked.study, member)
        if asked.column == "borrowed_share":
            return number("x", f"transferred: {row['kinship']}", float(row["kinship"] != OWN))
        ends = tuple(asked.of("throughput_fit", row, end) for end in RANGE_COLUMNS)
        outside = of.service.lengths[of.workload].share_outside(*of.service.ranges[member])
        return number("x", "share of queries with a length outside that of its rows", outside, children=ends)

    return _over_members(of, part)


def _draws(asked: Asked) -> Node:
    if asked.row["spread"] == "per_query":
        note = "1: a sum over weighted points of length, without draws"
        return asked.node(children=[asked.beside("energy_wh_mean")], note=note)
    return asked.same(asked.setting("draws" if asked.row["spread"] == "untrimmed" else "fleet_draws"))
