"""Savings of interventions: the multiplier of each, of combinations, and the remaining energy."""

from dataclasses import replace
from functools import reduce
from operator import mul

import numpy as np
from scipy.special import ndtr

from inference_energy.common.step import Node, listed
from inference_energy.energy import interventions as energy_interventions
from inference_energy.energy.intervention_evidence import ranges
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations import oviedo
from inference_energy.explain.derivations.distributions import median_of
from inference_energy.explain.derivations.medians import Situation, over_draws
from inference_energy.explain.sources import assumed
from inference_energy.explain.trace import given, leaf, named
from inference_energy.oviedo import interventions
from inference_energy.oviedo.interventions import COMBINED, STANDARD_SCORES, interventions_of
from inference_energy.statistics.distributions import LogNormal, product


def explained(asked: Asked) -> Node:
    """A number of `intervention_multipliers`."""
    return _published(asked) if asked.entries.method == "published" else _nested(asked)


# Method published


def _published(asked: Asked) -> Node:
    row, study = asked.row, asked.entries
    if asked.column == "energy_wh_p50_se":
        return asked.node(children=[asked.beside("energy_wh_p50")], note=oviedo.REPLICATED)
    if asked.column == "energy_wh_p50_published_se":
        size = asked.entry("as_published", "draws_per_model", symbol="n")
        note = "sampling error of the median of independent draws, so many per model"
        return asked.node(children=[asked.beside("energy_wh_p50"), size], note=note)
    distribution = interventions.multipliers(study, row["workload"])[row["lever"]]
    names = list(interventions_of(study, row["workload"])) if row["lever"] == COMBINED else [row["lever"]]
    if asked.column.startswith("multiplier"):
        name = asked.column.removeprefix("multiplier_")
        if name.endswith("_published_se"):
            return _multiplier_se(asked, distribution, name.removesuffix("_published_se"))
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
    return asked.node(children=children, note="quantile of the divided draws")


def _multiplier(asked: Asked, names: list[str], distribution: LogNormal, score: float) -> Node:
    """A quantile of a product of log-normals: of their medians, and of the deviation of all together."""
    found = reduce(mul, (median_of(asked, "interventions", "levers", name) for name in names))
    if score:
        label = "log deviation of the product: root of the sum of their squares"
        found = found * np.exp(score * given("sd", label, distribution.log_sd))
    return found.step("median multiplier", "x", note="log-normal; independent interventions multiply")


def _multiplier_se(asked: Asked, distribution: LogNormal, quantile: str) -> Node:
    score = STANDARD_SCORES[quantile]
    size = asked.entry("as_published", "draws_per_model", label="draws per model")
    draws = interventions.multiplier_draws(asked.entries, leaf(size))
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
    name, study = asked.row["lever"], asked.entries.interventions
    if asked.column == "pairs" or asked.column.startswith(("measured", "predicted")):
        return _measured(asked)
    names = tuple(study.levers) if name == energy_interventions.ALL else (name,)
    keys = [
        asked.entry("interventions", "levers", each, "changes", key, label=f"{each}: {key}, changed")
        for each in names
        for key in study.levers[each].changes
    ]
    before = Situation.of(asked)
    after = before.changed(names).energy()
    if asked.column.startswith("multiplier"):
        saved = energy_interventions.saving(before_wh=before.energy(), after_wh=after)
        form = saved.step("Closed form: energy before over energy after")
    else:
        form = after.step("Closed form: mean energy that remains")
    return over_draws(asked, form, listed(keys, "keys of the study that are changed"))


def _measured(asked: Asked) -> Node:
    """A statistic of the pairs of runs that differ in the intervention."""
    pairs, name = asked.build.rows("intervention_pairs", lever=asked.row["evidence"]), asked.column.partition("_")[0]
    key = asked.entry("interventions", "levers", asked.row["lever"], "evidence")
    kind = "measured" if name == "pairs" else name
    listing = asked.each("intervention_pairs", pairs, f"{kind}_multiplier", "pairs", "{model} on {gpu}: {basis}")
    value = ranges(pairs).row(0, named=True)[asked.column]
    label = "pairs" if name == "pairs" else f"{asked.quantile} of the pairs; every model on a GPU has the same weight"
    return asked.stated(label, value, key, listing)
