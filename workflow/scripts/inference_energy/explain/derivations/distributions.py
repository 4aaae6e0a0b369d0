"""What is assumed of one ingredient that a fleet shares: its law, the study's key behind it, pairs, rows, sources."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from inference_energy.energy import assumptions
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.evidence import adopted
from inference_energy.explain.sources import assumed, constant, resource, study_key
from inference_energy.explain.step import Node, computed, number
from inference_energy.statistics import quantiles
from inference_energy.statistics.distributions import Beta, Constant, Interpolated, Law, ShiftedLogNormal
from inference_energy.statistics.quantiles import SHARES
from inference_energy.throughput import attainment

UNSET: Mapping[str, str] = {}


def ingredient(
    asked: Asked, study: str, name: str, value: float, symbol: str, set_to: Mapping[str, str] = UNSET
) -> Node:
    """An ingredient at its median, or at what it is set to.

    Args:
        asked: what is asked for.
        study: name of the study.
        name: of the ingredient.
        value: what it is taken at.
        symbol: its name in the formula above.
        set_to: by ingredient, words for a value that is not the median.
    """
    if name in set_to:
        note = set_to[name]
        return number(symbol, name, value, note=note, children=_behind(asked, study, name))
    return at_share(asked, study, name, 0.5, symbol, value)


def at_share(asked: Asked, study: str, name: str, share: float, symbol: str, value: float | None = None) -> Node:
    """An ingredient at a quantile of its law, with where the law comes from."""
    law = asked.evidence.service(study).given.laws.get(name)
    if law is None:  # of a query that is asked for alone, outside the study
        return number(symbol, name, value or 0.0, note="set for this query", children=())
    at = float(law.quantile(np.array(share)))
    words = "median" if share == 0.5 else f"P{100 * share:g}"
    return quantile_of(asked, law, share, symbol, f"{name}, {words}", at, _behind(asked, study, name))


def quantile_of(
    asked: Asked, law: Law, share: float, symbol: str, label: str, value: float, behind: tuple[Node, ...]
) -> Node:
    """A quantile of a law with the law's formula, where it has one in closed form."""
    ends = {node.symbol: node for node in behind}
    match law:
        case Constant():
            if len(behind) == 1 and isinstance(behind[0].value, int | float) and behind[0].value == value:
                return computed(label, "x", [replace(behind[0], symbol="x")], symbol=symbol)
            return number(symbol, label, value, children=behind)
        case ShiftedLogNormal() if {"p05", "p95"} <= ends.keys():
            score = float(ndtri(share))
            above = number("low", "what the law cannot fall below", law.above)
            if score == 0.0:
                formula, more = "low + sqrt((p05 - low) * (p95 - low))", []
            else:
                formula = "low + sqrt((p05 - low) * (p95 - low)) * ((p95 - low) / (p05 - low)) ** (q / (2 * z))"
                more = [number("q", f"standard score of {share:g}", score), _z()]
            return computed(label, formula, [above, *more, *behind], symbol=symbol, note="shifted log-normal")
        case Beta():
            note = f"beta law with a = {law.a:.6g}, b = {law.b:.6g} between {law.low:g} and {law.high:g}"
            return number(symbol, label, value, note=note, children=behind)
        case Interpolated():
            points = ", ".join(f"{part:g}: {at:.4g}" for part, at in zip(law.shares, law.values, strict=True))
            return number(symbol, label, value, note=f"log-linear between quantiles {points}", children=behind)
        case _ if {"p05", "p95"} <= ends.keys():
            score = float(ndtri(share))
            more = [] if score == 0.0 else [number("q", f"standard score of {share:g}", score), _z()]
            formula = "sqrt(p05 * p95)" + ("" if score == 0.0 else " * (p95 / p05) ** (q / (2 * z))")
            return computed(label, formula, [*behind, *more], symbol=symbol, note="log-normal")
    return number(symbol, label, value, children=behind)


def _z() -> Node:
    return constant(quantiles, "Z_P95", quantiles.Z_P95, "normal P95, as the publication rounds it", symbol="z")


def _behind(asked: Asked, study: str, name: str) -> tuple[Node, ...]:
    """Study keys, resource rows and pairs that a law rests on."""
    return asked.evidence.once("law", study, name, read=lambda: _found_behind(asked, study, name))


def _found_behind(asked: Asked, study: str, name: str) -> tuple[Node, ...]:
    entries = asked.evidence.study(study)
    if name.startswith("overhead: "):
        key = {"overhead": name.removeprefix("overhead: ")}
        return (
            *(
                resource(asked.evidence, "overheads.csv", key, f"share_{end}", symbol=end, note="meaning")
                for end in ("p05", "p95")
            ),
            study_key(
                asked.evidence, study, ["overheads"], str(entries["overheads"]), label="switched on in the study"
            ),
        )
    if name.startswith("latency cost: "):
        return (study_key(asked.evidence, study, ["latency_target_ms"], entries["latency_target_ms"], unit="ms"),)
    if name.startswith(assumptions.CACHED):
        workload = name.removeprefix(f"{assumptions.CACHED}: ")
        spec = entries["workloads"].get(workload, {})
        if "cached_share" not in spec:
            note = "none is known, or what the trace says per request"
            keys = ["workloads", workload] if workload in entries["workloads"] else ["boundary", "query"]
            return (study_key(asked.evidence, study, keys, label="no cached share is stated", note=note),)
        return _law_keys(asked, study, ["workloads", workload, "cached_share"])
    if name in ("boards", "host") or name.startswith("fit error"):
        return ()
    keys = ["power", "utilisation"] if name == "utilisation" else [name]
    if name == "attainment" and isinstance(entries[name], dict) and "pairs" in entries[name]:
        return _pairs(asked, study)
    return _law_keys(asked, study, keys)


def _law_keys(asked: Asked, study: str, keys: list[str]) -> tuple[Node, ...]:
    spec = asked.evidence.study(study)
    for key in keys:
        spec = spec[key]
    if not isinstance(spec, dict):
        return (study_key(asked.evidence, study, keys, spec),)
    whole = study_key(asked.evidence, study, keys, str(spec), label=keys[-1].replace("_", " "))
    ends = [
        study_key(asked.evidence, study, [*keys, end], spec[end], symbol=end, label=f"{keys[-1]}, {end}", note="")
        for end in ("p05", "p95")
        if end in spec
    ]
    return (*ends, whole)


def _pairs(asked: Asked, study: str) -> tuple[Node, ...]:
    """The pairs that an attainment rests on, by kind: every kind shares its weight equally over its pairs."""
    found = []
    for kind, weight in asked.evidence.study(study)["attainment"]["pairs"].items():
        rows = asked.evidence.rows("attainment_pairs", kind=kind)
        pairs = tuple(asked.of("attainment_pairs", row, "ratio") for row in rows.iter_rows(named=True))
        key = study_key(asked.evidence, study, ["attainment", "pairs", kind], weight, label=f"weight of '{kind}'")
        listed = Node(label=f"pairs '{kind}': {len(pairs)}", children=pairs, alike=True)
        note = f"median {rows['ratio'].median():.3g}; a ratio above 1 counts as 1"
        found.append(Node(label=f"{kind}: weight {weight:g}", note=note, children=(key, listed)))
    return (*found, *assumed(attainment.attainment_law))


def assumption_row(asked: Asked) -> Node:
    """A number of `assumptions`."""
    name, study, share = asked.row["ingredient"], asked.study, SHARES[asked.column]
    service = asked.evidence.service(study)
    if name in service.given.laws:
        found = at_share(asked, study, name, share, "x")
        return asked.node("x", [found])
    if name.startswith("throughput fit, "):
        return _fit_factor(asked, share)
    what, gpu = name.split(", ", 1)
    power = service.given.power[gpu]
    key = {"gpu": gpu}
    tdp = resource(asked.evidence, "hardware.csv", key, "tdp_w", symbol="TDP", unit="W")

    if what == "saturated boards":
        at = float(power.board_saturated.quantile(np.array(share)))
        law = quantile_of(
            asked,
            power.board_saturated,
            share,
            "x",
            f"saturated board power over TDP, P{100 * share:g}",
            at,
            adopted(asked, "node_power.csv", key, "board_saturated_share_of_tdp"),
        )
        return asked.node("TDP * x", [tdp, law])
    idle_host = resource(
        asked.evidence, "node_power.csv", key, "host_idle_kw_per_gpu", symbol="host", note="derivation"
    )
    if what == "saturated host":
        at = float(power.host_saturated.quantile(np.array(share)))
        score = float(ndtri(share))
        children = [
            idle_host,
            *adopted(asked, "node_power.csv", key, "host_saturated_kw_per_gpu"),
            number("q", "standard score", score),
            _z(),
        ]
        formula = "1000 * (host + sqrt((p05 - host) * (p95 - host)) * ((p95 - host) / (p05 - host)) ** (q / (2 * z)))"
        return asked.node(formula, children, note=f"shifted log-normal above idle; {at:.6g} W")
    idle = resource(asked.evidence, "node_power.csv", key, "board_idle_share_of_tdp", symbol="idle", note="derivation")
    return asked.node("TDP * idle + 1000 * host", [tdp, idle, idle_host])


def _fit_factor(asked: Asked, share: float) -> Node:
    for row in asked.evidence.rows("throughput_fit", study=asked.study).iter_rows(named=True):
        label = f"throughput fit, {row['model']} on {row['gpu']} ({row['kinship'].replace('_', ' ')})"
        if label == asked.row["ingredient"]:
            sd = asked.of("throughput_fit", row, "fit_error_log_sd", "sd")
            score = number("q", f"standard score of {share:g}", float(ndtri(share)))
            return asked.node("exp(sd * q)", [sd, score], note="log-normal around 1")
    return asked.node()
