"""Savings of interventions: the multiplier of each, of combinations, and the remaining energy."""

from dataclasses import replace
from functools import reduce
from operator import mul

import numpy as np
from scipy.special import ndtr

from inference_energy.energy import interventions as energy_interventions
from inference_energy.energy.interventions import Intervention
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import oviedo
from inference_energy.explain.derivations.distributions import median_of
from inference_energy.explain.derivations.evidence import adopted
from inference_energy.explain.derivations.medians import Situation, medians
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node, computed, listed
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.oviedo import interventions
from inference_energy.oviedo.interventions import COMBINED, STANDARD_SCORES, interventions_of
from inference_energy.statistics.distributions import LogNormal, median, product

FILE = "interventions.csv"
SAVES = "an intervention divides its ingredient; one that acts on part of the energy saves less than its own range"


def explained(asked: Asked) -> Node:
    """A number of `intervention_multipliers`."""
    if asked.column == "energy_wh_p50_se":
        return asked.node(children=[asked.beside("energy_wh_p50")], note="sampling error of the draws")
    return _published(asked) if asked.entries.method == "published" else _nested(asked)


# Method published


def _published(asked: Asked) -> Node:
    row, study = asked.row, asked.entries
    distribution = interventions.multipliers(study, row["workload"])[row["lever"]]
    names = list(interventions_of(study, row["workload"])) if row["lever"] == COMBINED else [row["lever"]]
    if asked.column.startswith("multiplier"):
        name = asked.column.removeprefix("multiplier_")
        if name.endswith("_se"):
            return _multiplier_se(asked, distribution, name.removesuffix("_se"))
        return asked.follows(_multiplier(asked, names, distribution, STANDARD_SCORES[name]))
    key = {name: row[name] for name in ("study", "workload", "subject", "spread")}
    base, median_node = asked.build.row("energy_per_query", **key), _multiplier(asked, names, distribution, 0.0)
    if asked.column.endswith("_exact"):

        def cdf(model: str) -> float:
            of = asked.build.exact(asked.study, row["workload"], model)
            return replace(of, factor=product([of.factor, distribution.inverse()])).cdf(asked.value)

        shares = oviedo.below(replace(asked, table="energy_per_query", row=base), asked.value, 0.5, cdf)
        children = [shares, median_node, *assumed(interventions.multipliers)]
        return asked.node(children=children, note="each query divided by its multiplier")
    without = leaf(asked.of("energy_per_query", base, f"energy_wh_{asked.quantile}", "E"))
    why = "every query is divided by its own draw of the multiplier, which also increases the variability"
    label = "Closed form: the energy without over the median multiplier"
    ratio = (without / leaf(median_node)).step(label, note=why, unit="Wh")
    children = [ratio, *assumed(interventions.multipliers)]
    return asked.node(children=children, note="Monte Carlo of the divided draws")


def _multiplier(asked: Asked, names: list[str], distribution: LogNormal, score: float) -> Node:
    """A quantile of a product of log-normals: of their medians, and of the deviation of all together."""
    found = reduce(mul, (median_of(asked, "interventions", "levers", name) for name in names))
    if score:
        label = "log deviation of the product: root of the sum of their squares"
        found = found * np.exp(score * given("sd", label, distribution.log_sd))
    return found.step("median multiplier", "x", note="log-normal; independent interventions multiply")


def _multiplier_se(asked: Asked, distribution: LogNormal, quantile: str) -> Node:
    score = STANDARD_SCORES[quantile]
    draws = interventions.multiplier_draws(asked.entries, leaf(asked.setting("draws", label="draws per model")))
    error = interventions.multiplier_se(
        quantile=leaf(asked.beside(f"multiplier_{quantile}", "x")),
        log_sd=given("sd", "log deviation of the multiplier", distribution.log_sd),
        standard_score=given("z", f"standard score of {quantile}", score),
        below=given("p", "share of the draws below", float(ndtr(score))),
        above=given("1 - p", "share of the draws above", float(ndtr(-score))),
        draws=named(draws, "draws of all models together", "n"),
    )
    return asked.follows(error)


# Method nested


def _nested(asked: Asked) -> Node:
    names, of = _names(asked), Situation.of(asked)
    rows = listed((lever_row(asked, name) for name in names), "interventions")
    if asked.column.startswith("multiplier"):
        saved = energy_interventions.saving(before_wh=of.energy(), after_wh=_after(asked, of, names))
        note = "before / after, every input at its median, interventions included"
        return asked.node(
            children=[saved.step("Closed form of the multiplier", note=note), rows, *assumed(energy_interventions)],
            note=f"over draws of the shared uncertainty: {SAVES}",
        )
    after = _after(asked, of, _remaining(asked, names))
    form = after.step("Closed form: mean remaining energy, every input at its median")
    note = "interventions already contained in today's benchmarks do not change the energy"
    return asked.node(children=[form, rows, *assumed(energy_interventions)], note=note)


def _names(asked: Asked) -> list[str]:
    names, lever = asked.entries.interventions.levers, asked.row["lever"]
    if lever == "remaining_levers":
        return _remaining(asked, names)
    return list(names) if lever == "all_levers" else [lever]


def _remaining(asked: Asked, names: list[str]) -> list[str]:
    """Interventions that today's benchmarks do not contain already."""
    return [name for name in names if not _interventions(asked)[name].in_benchmarks]


def _interventions(asked: Asked) -> dict[str, Intervention]:
    table = asked.build.levers
    return energy_interventions.chosen(table["lever"].to_list(), table, "resources/interventions.csv")


def lever_row(asked: Asked, name: str) -> Node:
    """The median multiplier of an intervention with its row of `resources/interventions.csv`."""
    lever = _interventions(asked)[name]
    ends = adopted(asked, FILE, {"lever": name}, "multiplier")
    known = ends[0].value == ends[1].value
    note = f"acts on {lever.acts_on}; log-normal, never below 1"
    return computed(lever.label, "p05" if known else "max(sqrt(p05 * p95), 1)", ends, note=note, unit="x")


def divisors(asked: Asked, names: list[str], combination: str, subject: str, workload: str) -> dict[str, Traced]:
    """What interventions at their medians together divide each ingredient by.

    Where the combination is `overlap`, those of a group overlap as in the study: the queries of the subject and
    workload decide which of a group saves most.
    """
    chosen = {name: _interventions(asked)[name] for name in names}
    service = asked.build.service(asked.study)
    service = service.narrowed(subject, [workload], [service.study.boundary.query])
    medians_of = {name: np.array([median(lever.multiplier)]) for name, lever in chosen.items()}
    alone = energy_interventions.savings(service, medians(service), subject, workload, chosen, medians_of)
    overlap = asked.entry("interventions", "overlap", symbol="overlap")
    found = energy_interventions.divisors(
        chosen,
        {name: leaf(lever_row(asked, name), value[0]) for name, value in medians_of.items()},
        leaf(overlap) if combination == "overlap" else 0.0,
        alone,
    )
    return {
        acts_on: named(value, f"interventions on {acts_on.replace('_', ' ')}", f"by_{acts_on}", unit="x")
        for acts_on, value in found.items()
    }


def _after(asked: Asked, of: Situation, names: list[str]) -> Traced:
    """Mean energy with interventions applied, every input at its median, Wh."""
    by = divisors(asked, names, asked.row["combination"], of.subject, of.workload)
    energies = energy_interventions.per_gpu_second(of.service, of.shared, by)
    shared = energy_interventions.applied(of.shared, by)
    return of.service.mean_wh(shared, of.subject, of.workload, energies, by)[of.boundary]
