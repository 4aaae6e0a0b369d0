"""How far each assumption alone moves the headline numbers of a study, from its P5 to its P95."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.energy import assumptions, uncertainty
from inference_energy.energy.service import Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.fleet.scenarios import Fleet, energy_gwh_per_day, of_the_fleet, queries_of

ENDS = {"low": 0.05, "high": 0.95}
MIXED = "mixed"
COLUMNS = dict.fromkeys(("study", "quantity", "unit", "ingredient", "label"), pl.String) | dict.fromkeys(
    ("at_low", "at_high", "central"), pl.Float64
)
# Ingredients that are varied. `boards` and `host` are shares of probability, common to all GPUs.
LABELS = {
    "load": "Load",
    "attainment": "Attainment",
    "pue": "PUE",
    "boards": "Power of boards",
    "host": "Power of hosts",
    "utilisation": "Power utilisation",
    "fit": "Throughput fits, all of them",
    "cached": "Cached share of prompts",
    "overheads": "Overheads",
    "lengths": "Prompt lengths, all at P5 or P95",
    "model": "One model alone, least or most",
    "gpu": "One GPU alone, least or most",
    "coupling": "Power at every load as saturated",
}


def tornado(service: Service) -> pl.DataFrame:
    """Mean energy of queries and of a mixed day with one ingredient at its P5 or P95, all others at their medians.

    Three rows are not distributions of the study: `model` and `gpu` let one model or GPU of the class serve everything,
    and `coupling` takes the node's power as saturated whether it is busy or not, as if power did not follow load.

    Returns:
        `study, quantity, unit, ingredient, label, at_low, at_high, central`: the quantity at either end and at the
        centre.
    """
    service = of_the_fleet(service)
    middle = uncertainty.central(service.given)
    central = quantities(service, middle)
    rows = []
    for ingredient, label in LABELS.items():
        ends = at_ends(service, middle, ingredient)
        if not ends or _alike(ends["low"], ends["high"]):
            continue
        for quantity, (unit, value) in central.items():
            low, high = (end[quantity][1] for end in (ends["low"], ends["high"]))
            rows.append((service.name, quantity, unit, ingredient, label, float(low), float(high), float(value)))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _alike(low: dict[str, tuple[str, float]], high: dict[str, tuple[str, float]]) -> bool:
    return all(np.isclose(low[name][1], high[name][1], rtol=1e-12) for name in low)


def quantities(service: Service, shared: Shared) -> dict[str, tuple[str, float]]:
    """Mean energy of the fleet's queries, Wh, and of its mixed day, GWh."""
    fleet, boundary, spec = Fleet.of(service, shared, {}), service.study.boundary, service.study.fleet
    found = {
        f"{workload}: mean over queries": ("Wh", fleet.mean_wh(workload, boundary.query))
        for workload in service.lengths
    }
    if MIXED in spec.scenarios:
        queries = queries_of(spec.scenarios[MIXED].long_share, spec.queries_per_day)
        day = sum(energy_gwh_per_day(fleet, queries, boundary.fleet).values())
        found[f"{MIXED} fleet"] = ("GWh/day", day)
    return found


def at_ends(service: Service, middle: Shared, ingredient: str) -> dict[str, dict] | None:
    """The quantities at both ends of an ingredient; none if it is known or not part of the study."""
    if ingredient in ("model", "gpu"):
        return _alone(service, middle, ingredient)
    if ingredient == "lengths":
        return {end: quantities(with_prompts(service, share), middle) for end, share in ENDS.items()}
    if ingredient == "coupling":
        return _uncoupled(service, middle)
    names = distributions_of(service, ingredient)
    ends = {}
    for end, share in ENDS.items():
        moved = middle
        for name in names:
            moved = moved.replaced(name, service.given.distributions[name].quantile(np.array(share)))
        ends[end] = quantities(service, moved)
    return ends


def distributions_of(service: Service, ingredient: str) -> list[str]:
    """Names of the distributions that are varied together as one ingredient."""
    prefixes = {"fit": "fit error", "cached": assumptions.CACHED, "overheads": "overhead"}
    return [
        name
        for name in service.given.distributions
        if name == ingredient or name.startswith(prefixes.get(ingredient, "\0"))
    ]


def with_prompts(service: Service, share: float) -> Service:
    """A service whose prompts all have the length that a share of its workload's prompts stays below."""
    lengths = {}
    for name, of in service.lengths.items():
        order = np.argsort(of.input_tokens, kind="stable")
        place = order[np.searchsorted(np.cumsum(of.weights[order]), share)]
        lengths[name] = replace(of, input_tokens=np.full_like(of.input_tokens, of.input_tokens[place]))
    return replace(service, lengths=lengths)


def _alone(service: Service, middle: Shared, what: str) -> dict[str, dict] | None:
    """One model or one GPU of the class serving everything: the one that needs least, and the one that needs most."""
    subject = service.study.fleet.subject
    spec = service.study.classes[subject]
    narrowed = []
    if what == "model":
        for model in spec.model_shares():
            mix = middle.mix | {subject: {m: float(m == model) for m in middle.mix[subject]}}
            narrowed.append(quantities(service, Shared(values=middle.values, mix=mix)))
    else:
        for entry in service.study.hardware_mix(subject):
            study = service.study.replaced(classes={subject: spec.replaced(hardware=(entry,))})
            narrowed.append(quantities(replace(service, study=study), middle))
    if len(narrowed) < 2:
        return None
    return {
        end: {name: pick((found[name] for found in narrowed), key=lambda value: value[1]) for name in narrowed[0]}
        for end, pick in (("low", min), ("high", max))
    }


def _uncoupled(service: Service, middle: Shared) -> dict[str, dict] | None:
    """As it is, and with saturated power all of the time: P(1) / (load attainment)."""
    if service.given.rated_w:
        return None
    # Served work per second stays: the factor load is put into attainment, and power is taken at full load.
    served = middle.values["attainment"] * middle.values["load"]
    saturated = middle.replaced("load", 1.0).replaced("attainment", served)
    return {"low": quantities(service, middle), "high": quantities(service, saturated)}
