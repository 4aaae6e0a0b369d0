"""What interventions save: the multiplier of a lever, levers together, and the energy that remains."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from inference_energy.energy import interventions as energy_interventions
from inference_energy.energy.interventions import Lever
from inference_energy.explain.asked import Asked, closed
from inference_energy.explain.derivations import oviedo
from inference_energy.explain.derivations.evidence import adopted
from inference_energy.explain.derivations.service import Situation, energy_at
from inference_energy.explain.sources import assumed, study_key
from inference_energy.explain.step import Node, computed, number
from inference_energy.oviedo import interventions
from inference_energy.oviedo.interventions import COMBINED, STANDARD_SCORES, levers_of
from inference_energy.statistics.distributions import median, product
from inference_energy.statistics.quantiles import Z_P95

FILE = "interventions.csv"
SAVES = "what a lever divides its ingredient by; one that acts on a part of the energy saves less than its own range"


def explained(asked: Asked) -> Node:
    """A number of `intervention_multipliers`."""
    if asked.evidence.study(asked.study)["method"] == "published":
        return _published(asked)
    return _nested(asked)


# Method published


def _published(asked: Asked) -> Node:
    study, workload, lever = asked.evidence.typed_study(asked.study), asked.row["workload"], asked.row["lever"]
    names = list(levers_of(study, workload)) if lever == COMBINED else [lever]
    if asked.column.startswith("multiplier"):
        score = STANDARD_SCORES[asked.column.removeprefix("multiplier_")]
        return asked.node(**_multiplier(asked, names, score))
    if asked.column == "energy_wh_p50_se":
        return asked.node(children=[asked.beside("energy_wh_p50")], note="sampling error of the untrimmed draws")
    base = asked.evidence.row(
        "energy_per_query",
        study=asked.study,
        workload=workload,
        subject=asked.row["subject"],
        spread=asked.row["spread"],
    )
    plain = replace(asked, table="energy_per_query", row=base)
    if asked.column.endswith("_exact"):
        return asked.node(children=[_below(asked, plain, names), *assumed(interventions.multipliers)])
    name = asked.quantile
    ratio = closed(
        "Closed form: the energy without the lever over the lever's median",
        "E / x",
        [
            asked.of("energy_per_query", base, f"energy_wh_{name}", "E"),
            Node(
                symbol="x",
                label="median multiplier",
                value=asked.row["multiplier_p50"],
                **_multiplier(asked, names, 0.0),
            ),
        ],
        "every query is divided by its own draw of the multiplier, which also widens the spread",
        unit="Wh",
    )
    return asked.node(children=[ratio, *assumed(interventions.multipliers)], note="Monte Carlo of the divided draws")


def _multiplier(asked: Asked, names: list[str], score: float) -> dict:
    """Formula and children of a quantile of a product of log-normals."""
    children, middle, spread = [], [], []
    for place, name in enumerate(names, start=1):
        spec = asked.evidence.study(asked.study)["interventions"]["levers"][name]
        for end in ("p05", "p95"):
            keys = ["interventions", "levers", name, end]
            label = f"{spec['label']}: {end} of its multiplier"
            symbol = f"{end}_{place}"
            children.append(study_key(asked.evidence, asked.study, keys, spec[end], symbol=symbol, label=label))
        middle.append(f"sqrt(p05_{place} * p95_{place})")
        spread.append(f"ln(p95_{place} / p05_{place}) ** 2")
    formula = " * ".join(middle)
    if score:
        formula += f" * exp(q * sqrt({' + '.join(spread)}) / (2 * z))"
        children += [number("q", "standard score", score), number("z", "normal P95 as rounded there", Z_P95)]
    return {"formula": formula, "children": tuple(children), "note": "log-normal; independent levers multiply"}


def _below(asked: Asked, plain: Asked, names: list[str]) -> Node:
    law = interventions.multipliers(asked.evidence.typed_study(asked.study), asked.row["workload"])[asked.row["lever"]]
    members = oviedo.weights(plain)
    terms = []
    for model, weight in members.items():
        of = asked.evidence.exact(asked.study, asked.row["workload"], model)
        divided = replace(of, factor=product([of.factor, law.inverse()]))
        share = number(
            "F", f"share of the queries of {model} below, each divided by its multiplier", divided.cdf(asked.value)
        )
        terms += [replace(oviedo.weight(plain, model, weight), symbol=f"w_{len(terms) // 2 + 1}")]
        terms += [replace(share, symbol=f"F_{len(terms) // 2 + 1}")]
    formula = " + ".join(f"w_{place} * F_{place}" for place in range(1, len(members) + 1))
    median_law = Node(
        symbol="", label="multiplier, median", value=law.percentile(0.0), **_multiplier(asked, names, 0.0)
    )
    return Node(
        label=f"Share of queries below {asked.value:.9g} Wh: must be 0.5",
        value=0.5,
        formula=formula,
        children=(*terms, median_law),
    )


# Method nested


def _nested(asked: Asked) -> Node:
    row, column = asked.row, asked.column
    study = asked.evidence.study(asked.study)
    names = _names(asked)
    spec = study["interventions"]
    rows = tuple(lever_row(asked, name) for name in names)
    listed = Node(label=f"{len(rows)} lever(s)", children=rows, alike=True)
    if column == "energy_wh_p50_se":
        return asked.node(children=[asked.beside("energy_wh_p50")], note="sampling error of the draws")
    if column.startswith("multiplier"):
        of = Situation.of(asked)
        before = replace(energy_at(asked, of), symbol="before")
        after = replace(_pulled(asked, of, names, row["combination"]), symbol="after")
        note = "before / after with everything, levers included, at its median"
        form = closed("Closed form of the multiplier", "before / after", [before, after], note, unit="x")
        overlap = study_key(asked.evidence, asked.study, ["interventions", "overlap"], spec["overlap"])
        extra = [overlap] if row["combination"] == "overlap" else []
        return asked.node(
            children=[form, listed, *extra, *assumed(energy_interventions)],
            note=f"over draws of what the fleet shares: {SAVES}",
        )
    remaining = [name for name in names if not _levers(asked)[name].in_benchmarks]
    of = Situation.of(asked)
    after = _pulled(asked, of, remaining, row["combination"])
    note = "levers that today's benchmarks contain leave the energy as it is: it is counted there already"
    form = replace(after, label="Closed form: mean energy that remains, everything at its median")
    return asked.node(children=[form, listed, *assumed(energy_interventions)], note=note)


def _names(asked: Asked) -> list[str]:
    names = asked.evidence.study(asked.study)["interventions"]["levers"]
    lever = asked.row["lever"]
    if lever == "all_levers":
        return list(names)
    if lever == "remaining_levers":
        return [name for name in names if not _levers(asked)[name].in_benchmarks]
    return [lever]


def _levers(asked: Asked) -> dict[str, Lever]:
    table = asked.evidence.levers
    return energy_interventions.chosen(table["lever"].to_list(), table, "resources/interventions.csv")


def lever_row(asked: Asked, name: str, symbol: str = "") -> Node:
    """A lever's median multiplier with its row of `resources/interventions.csv`."""
    lever = _levers(asked)[name]
    ends = adopted(asked, FILE, {"lever": name}, "multiplier")
    value = median(lever.multiplier)
    note = f"acts on {lever.acts_on}; log-normal, never below 1"
    if value == ends[0].value == ends[1].value:
        return computed(lever.label, "p05", ends, symbol=symbol, note=note, unit="x")
    return computed(lever.label, "max(sqrt(p05 * p95), 1)", ends, symbol=symbol, note=note, unit="x")


def divisors(asked: Asked, of: Situation, names: list[str], overlap: float) -> dict[str, Node]:
    """What levers at their medians together divide each ingredient by."""
    chosen = {name: _levers(asked)[name] for name in names}
    multipliers = {name: np.asarray([median(lever.multiplier)]) for name, lever in chosen.items()}
    service, workload = of.service, of.workload
    alone = energy_interventions.savings(service, of.shared, of.subject, workload, chosen, multipliers)
    together = energy_interventions.divisors(chosen, multipliers, overlap, alone)
    found = {}
    for acts_on, value in together.items():
        behind = [name for name, lever in chosen.items() if lever.acts_on == acts_on]
        rows = [lever_row(asked, name, f"x_{place}") for place, name in enumerate(behind, start=1)]
        independent = float(np.prod([row.value for row in rows]))
        label = f"levers on {acts_on}: {', '.join(behind)}"
        if np.isclose(independent, value[0], rtol=1e-9):
            found[acts_on] = computed(label, " * ".join(row.symbol for row in rows), rows, symbol=f"by_{acts_on}")
        else:
            note = f"of a group the one that saves most counts fully, the others to the power 1 - {overlap:g}"
            found[acts_on] = number(f"by_{acts_on}", label, float(value[0]), note=note, children=tuple(rows))
    return found


def _pulled(asked: Asked, of: Situation, names: list[str], combination: str) -> Node:
    overlap = asked.evidence.study(asked.study)["interventions"]["overlap"] if combination == "overlap" else 0.0
    return with_levers(asked, of, names, overlap)


def with_levers(asked: Asked, of: Situation, names: list[str], overlap: float) -> Node:
    """Mean energy with levers pulled, everything at its median."""
    by = divisors(asked, of, names, overlap)
    values = {name: np.asarray(node.value) for name, node in by.items()}
    shared = energy_interventions.pulled(of.shared, values)
    moved = {name for name in ("load", "attainment", "pue") if name in by}
    words: Mapping[str, str] = {
        name: f"median {of.value(name):.4g}, {'over' if name == 'pue' else 'times'} the levers' {by[name].value:.4g},"
        f" {'no lower' if name == 'pue' else 'no higher'} than 1"
        for name in moved
    }
    pulled = Situation(
        of.name,
        of.service,
        shared,
        of.subject,
        of.workload,
        of.boundary,
        divisors=by,
        set_to=of.set_to | words,
    )
    node = energy_at(asked, pulled)
    rows = tuple(by.values())
    return replace(
        node, label=f"{node.label}, levers pulled: {', '.join(names)}", children=(*node.children, *_plain(rows))
    )


def _plain(rows: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(replace(row, symbol="") for row in rows)
