"""How far each assumption alone moves the headline numbers of a study, from its P5 to its P95."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.energy import assumptions
from inference_energy.energy.service import Service
from inference_energy.fleet.scenarios import Fleet
from inference_energy.fleet.tables import TORNADO
from inference_energy.statistics import quantiles
from inference_energy.studies.study import WORKLOADS
from inference_energy.tables.columns import types_of

ENDS = {"low": 0.05, "high": 0.95}
MIXED = "mixed"
# Ingredients that are varied. `host` and `speculative` are shares of probability.
LABELS = {
    "speed": "Speed that users see",
    "serving": "Serving model: time and power",
    "headroom": "Headroom over the busiest hour",
    "released_share": "Replicas released when not needed",
    "pue": "PUE",
    "host": "Power of hosts",
    "utilisation": "Power utilisation",
    "replicas": "Replicas of least energy, all of the largest size",
    "board_factor": "Board power at lower clocks",
    "speculative": "Speculative decoding: everywhere, nowhere",
    "cached": "Cached share of prompts",
    "overheads": "Overheads",
    "lengths": "Prompt lengths, all at P5 or P95",
    "model": "One model alone, least or most",
    "gpu": "One GPU alone, least or most",
}
_PREFIXES = {"cached": assumptions.CACHED, "overheads": "overhead", "speculative": assumptions.SPECULATIVE}


def tornado(service: Service) -> pl.DataFrame:
    """Expected value of the mean energy of queries and of a mixed day, over all other uncertainty, one ingredient set.

    An ingredient is at its P5 or P95. Some are no distributions of the study: `model` and `gpu` let one model or GPU
    of the class serve everything; `replicas` takes the largest that the study allows; `serving` is P5 and P95 over what
    the serving model does not know, everything else at its median.
    """
    service = service.narrowed(service.study.fleet.subject)
    central = quantities(service)
    rows = []
    for ingredient, label in LABELS.items():
        ends = at_ends(service, ingredient)
        if not ends or all(
            np.isclose(value, ends["high"].get(name, np.nan), rtol=1e-12) for name, value in ends["low"].items()
        ):
            continue
        for quantity, value in central.items():
            low, high = (ends[end].get(quantity) for end in ENDS)
            if low is not None and high is not None:
                place = (service.name, quantity, UNITS[quantity], ingredient, label)
                rows.append((*place, low, high, value))
    return pl.DataFrame(rows, schema=types_of(TORNADO), orient="row")


UNITS = {f"{workload}: mean over queries": "Wh" for workload in WORKLOADS} | {f"{MIXED} fleet": "GWh/day"}


def quantities(service: Service, statistic: str = "mean") -> dict[str, float]:
    """Expected value, or a quantile, of the mean energy of the fleet's queries, Wh, and of its mixed day, GWh.

    One that nothing serves is left out.
    """
    boundary, spec, found = service.study.boundary, service.study.fleet, {}
    for workload in WORKLOADS:
        means, weights = service.mean_wh(spec.subject, workload)
        if weights.any():
            name = f"{workload}: mean over queries"
            found[name] = quantiles.of_weighted(means[boundary.query], weights, quantiles.PERCENTILES)[statistic]
    if MIXED in spec.scenarios:
        fleet = Fleet.of(service, spec.scenarios[MIXED].long_share)
        if fleet.served:
            day = fleet.total_gwh_per_day(boundary.fleet)
            found[f"{MIXED} fleet"] = quantiles.of_draws(day, quantiles.PERCENTILES)[statistic]
    return found


def at_ends(service: Service, ingredient: str) -> Mapping[str, dict[str, float]] | None:
    """The quantities at both ends of an ingredient; none if it is known or not part of the study."""
    if ingredient in ("model", "gpu"):
        return _alone(service, ingredient)
    if ingredient == "replicas":
        return {"low": quantities(service), "high": quantities(with_largest_replicas(service))}
    if ingredient == "lengths":
        return {end: quantities(with_prompts(service, share)) for end, share in ENDS.items()}
    if ingredient == "serving":
        fixed = service.sharing(at_medians(service))
        return {end: quantities(fixed, f"p{100 * share:02.0f}") for end, share in ENDS.items()}
    shared, names = service.shared, distributions_of(service, ingredient)
    if not names:
        return None
    ends = {}
    for end, share in ENDS.items():
        moved = shared
        for name in names:
            moved = moved.replaced(name, service.given.distributions[name].quantile(np.array(share)))
        ends[end] = quantities(service.sharing(moved))
    return ends


def at_medians(service: Service):
    """The shared uncertainty with every ingredient at its median and every mix as the study has it."""
    shared, given = service.shared, service.given
    for name, of in given.distributions.items():
        if not name.startswith(assumptions.SPECULATIVE):  # a service decodes so or not: there is no median
            shared = shared.replaced(name, of.quantile(np.array(0.5)))

    def known(mixes: Mapping) -> dict:
        return {
            name: {each: np.full(shared.draws, share) for each, share in of.items()} for name, (of, _) in mixes.items()
        }

    return replace(shared, mix=known(given.mix), gpus=known(given.gpus))


def distributions_of(service: Service, ingredient: str) -> list[str]:
    """Names of the distributions that are varied together as one ingredient."""
    return [
        name
        for name in service.given.distributions
        if name == ingredient or name.startswith(_PREFIXES.get(ingredient, "\0"))
    ]


def with_largest_replicas(service: Service) -> Service:
    """A service whose replicas all have as many GPUs as the study allows."""
    serving = service.study.serving
    largest = serving.replaced(replica_gpus=(max(serving.replica_gpus),))
    return replace(service, study=service.study.replaced(serving=largest)).sharing(service.shared)


def with_prompts(service: Service, share: float) -> Service:
    """A service whose prompts all have the length that a share of its workload's prompts stays below."""
    lengths = {}
    for name in WORKLOADS:
        of = service.lengths[name]
        place = quantiles.place_of(of.input_tokens, of.weights, share)
        lengths[name] = replace(of, input_tokens=np.full_like(of.input_tokens, of.input_tokens[place]))
    return service.with_lengths(lengths)


def _alone(service: Service, what: str) -> Mapping[str, dict[str, float]] | None:
    """One model or one GPU of the class serving everything: the one that needs least, and the one that needs most."""
    found = [quantities(alone) for alone in each_alone(service, what).values()]
    if len(found) < 2:
        return None
    return {
        end: {name: pick(each[name] for each in found if name in each) for name in set().union(*found)}
        for end, pick in (("low", min), ("high", max))
    }


def each_alone(service: Service, what: str) -> dict[str | tuple[str, str], Service]:
    """By model or GPU of the fleet's class, a service in which it serves everything."""
    field, subject, shared = {"model": "mix", "gpu": "gpus"}[what], service.study.fleet.subject, service.shared
    mixes = getattr(shared, field)
    names = list(mixes[subject])
    found = {}
    for name in names:
        alone = {each: np.full(shared.draws, float(each == name)) for each in names}
        found[name] = service.sharing(replace(shared, **{field: {**mixes, subject: alone}}))
    return found
