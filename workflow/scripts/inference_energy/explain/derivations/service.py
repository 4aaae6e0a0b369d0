"""Energies of studies of method `nested`, each next to its value with the shared uncertainty at its median."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from inference_energy.energy import uncertainty
from inference_energy.energy.service import Member, query_wh
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.medians import Situation, medians
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node, listed, number
from inference_energy.explain.trace import Traced, leaf, node_of
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput import gpu_time
from inference_energy.throughput.borrowing import OWN

SPREADS = {
    "untrimmed": "single queries: variability between queries and shared uncertainty are both drawn",
    "per_query": "variability between queries of one fleet, shared uncertainty at its median (by summation)",
    "shared": "uncertainty of the mean over queries: one mean per draw of the shared uncertainty",
}
WHY_NOT = "a closed form with every input at its median; it approximates the quantile of the draws"


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query` or `energy_by_boundary`."""
    row, column = asked.row, asked.column
    if column in ("extrapolated_share", "borrowed_share"):
        return _share(asked)
    if column == "draws":
        return _draws(asked)
    if column.endswith("_se"):
        return _standard_error(asked)
    if asked.quantile is None or column.endswith("_exact"):
        return asked.node()
    if row["spread"] == "per_query":
        return _per_query(asked)
    of_draws = f"{asked.quantile.upper()} of {row['draws']:,} draws: {SPREADS[row['spread']]}."
    rest = [*mixes(asked), *assumed(uncertainty.shared_draws), *fits_missed(asked)]
    if row["spread"] == "untrimmed" and asked.quantile != "mean":
        fixed = asked.of(
            "energy_by_boundary",
            _spread_row(asked, "per_query"),
            asked.column,
            label=f"Variability between queries alone, {at_words(asked)}",
        )
        note = f"{of_draws} Drawing the shared uncertainty widens and shifts the distribution."
        return asked.node(children=[fixed, _sibling(asked, "shared"), *rest], note=note)
    closed = Situation.of(asked).node(f"Closed form: mean energy of a query, {at_words(asked)}", note=WHY_NOT)
    between = [_sibling(asked, spread) for spread in ("untrimmed", "shared") if spread != row["spread"]]
    return asked.node(children=[closed, *between, *rest], note=of_draws.replace("MEAN", "Mean"))


def at_words(asked: Asked) -> str:
    """Where a closed form is taken."""
    return f"shared uncertainty at its median, boundary {asked.row['boundary']}"


def _spread_row(asked: Asked, spread: str) -> dict:
    key = {name: asked.row[name] for name in ("study", "workload", "subject", "boundary")}
    return asked.build.row("energy_by_boundary", **key, spread=spread)


def _sibling(asked: Asked, spread: str) -> Node:
    other = replace(asked, table="energy_by_boundary", row=_spread_row(asked, spread))
    return other.node(label=f"{spread}, the same column: {SPREADS[spread]}", place=other.place, note="")


# Columns beside the energies


def mixes(asked: Asked) -> list[Node]:
    """Uncertainty of the weights of a class's models."""
    subject, key = asked.row["subject"], "mix_concentration"
    label = "concentration of the Dirichlet distribution of the model weights"
    known = asked.entries.classes
    is_known = subject in known and known[subject].mix_concentration is not None
    return [asked.entry("classes", subject, key, label=label)] if is_known else []


def fits_missed(asked: Asked) -> list[Node]:
    """Fit errors of the curves behind a row, log standard deviations."""
    if not asked.entries.throughput.fit_error:
        return []
    rows = asked.build.rows("throughput_fit", study=asked.study)
    members = asked.build.service(asked.study).weights(asked.row["subject"])
    found = (
        asked.of("throughput_fit", row, "fit_error_log_sd", label=f"{row['model']} on {row['gpu']}")
        for row in rows.iter_rows(named=True)
        if (row["model"], row["gpu"], row["precision"]) in members
    )
    return [listed(found, "curves with their fit errors, log standard deviations, drawn with the rest")]


def _per_query(asked: Asked) -> Node:
    of = Situation.of(asked)
    if asked.quantile == "mean":
        return asked.follows(of.node(), note=SPREADS["per_query"])
    energies = _per_point(asked, of)
    lengths, nearest = of.service.lengths[of.workload], (np.inf, None, 0)
    for member, each in energies.items():
        distance = np.abs(np.log(each / asked.value))
        nearest = min(nearest, (float(distance.min()), member, int(distance.argmin())), key=lambda found: found[0])

    def below(member: Member) -> Node:
        each = energies[member]
        share = float(lengths.weights @ (each < asked.value) + lengths.weights @ (each == asked.value) / 2)
        label = f"share of the queries of {member[0]} on {member[1]} below {asked.value:.6g} Wh"
        return number("F", label, share)

    note = f"of weighted points of length, interpolated: {QUANTILES[asked.quantile]:g} to within one point"
    shares = _over_members(of, below).step(f"Share of queries below {asked.value:.9g} Wh", note=note)
    mean = of.node(note="the mean of the same queries, model by model and GPU by GPU")
    return asked.node(children=[_one_query(of, *nearest[1:]), shares, mean], note=SPREADS["per_query"])


def _per_point(asked: Asked, of: Situation) -> dict[Member, np.ndarray]:
    """Energy of the queries at every point of length, by member."""
    service = asked.build.service(asked.study).narrowed(of.subject, [of.workload], [of.boundary])
    shared, lengths, found = medians(service), service.lengths[of.workload], {}
    cached = uncertainty.cached_share(shared, of.workload)
    for member, energies in service.per_gpu_second(shared).items():
        curve = service.curves[member][0]
        seconds = gpu_time.gpu_seconds(curve.coefficients(), curve.parts(lengths), cached)
        found[member] = query_wh(gpu_seconds=seconds, wh_per_gpu_second=energies[of.boundary])
    return found


def _over_members(of: Situation, value: Callable[[Member], Node]) -> Traced:
    """A value of every model and GPU, weighted."""
    weights = of.service.weights(of.subject, of.shared)
    values = {member: value(member) for member in weights}
    return sum(weight * leaf(values[member], about=member[:2]) for member, weight in weights.items())


def _one_query(of: Situation, member: Member, point: int) -> Node:
    """A query whose energy is the quantile, or nearly: one model on one GPU at one pair of lengths."""
    lengths = of.service.lengths[of.workload]
    arrays = {name: getattr(lengths, name)[point : point + 1] for name in Lengths.__dataclass_fields__}
    one = replace(lengths, **arrays | {"weights": np.ones(1)})
    service = replace(of.service, lengths={of.workload: one})
    rate = service.per_gpu_second(of.shared)[member][of.boundary]
    energy = query_wh(gpu_seconds=service.mean_seconds(of.shared, of.workload, member), wh_per_gpu_second=rate)
    prompt, answer = float(one.input_tokens[0]), float(one.output_tokens[0])
    words = f"{member[0]} on {member[1]}, {prompt:.0f} tokens in, {answer:.0f} out"
    return node_of(energy, f"A query of this energy: {words}")


def _share(asked: Asked) -> Node:
    of = Situation.of(asked)

    def part(member: Member) -> Node:
        row = asked.build.row_of_fit(asked.study, member)
        if asked.column == "borrowed_share":
            return number("x", f"transferred: {row['kinship']}", float(row["kinship"] != OWN))
        sides = [f"{side}_tokens_{end}" for side in ("input", "output") for end in ("min", "max")]
        ends = tuple(asked.of("throughput_fit", row, side) for side in sides)
        outside = of.service.lengths[of.workload].share_outside(*of.service.ranges[member])
        return number("x", "share of queries with a length outside that of its rows", outside, children=ends)

    return asked.follows(_over_members(of, part).step())


def _draws(asked: Asked) -> Node:
    if asked.row["spread"] == "per_query":
        return asked.node(
            note="1: a sum over weighted points of length, without draws", children=[asked.beside("energy_wh_mean")]
        )
    key = "draws" if asked.row["spread"] == "untrimmed" else "fleet_draws"
    return asked.same(asked.setting(key))


def _standard_error(asked: Asked) -> Node:
    value = asked.beside(asked.column.removesuffix("_se"))
    note = {
        "untrimmed": "sampling error of the draws: sum over models of w sqrt(F (1 - F) / n), over the density there",
        "per_query": "0: a sum, without draws",
        "shared": "half the distance between the draws one standard error of rank below and above the quantile;"
        " of a mean the deviation over sqrt(n)",
    }[asked.row["spread"]]
    return asked.node(children=[value, asked.beside("draws")], note=note)
