"""Energy of a fleet in a day by the published method."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.distributions import median_of, moment_of
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node, computed, number
from inference_energy.explain.trace import Traced, leaf
from inference_energy.oviedo import scenarios
from inference_energy.oviedo.scenarios import Workload
from inference_energy.statistics.distributions import lognormal
from inference_energy.statistics.quantiles import Z_P95
from inference_energy.studies.study import WORKLOADS

DAY = "energy_gwh_per_day"
SCORES = {"p05": -Z_P95, "p50": 0.0, "p95": Z_P95}


def scenario(asked: Asked) -> Node:
    """A number of `scenario_aggregates`."""
    column, study = asked.column, asked.entries
    if column.startswith("overhead_"):
        found = _overhead(asked, column.removeprefix("overhead_"))
        return asked.node(found.formula, found.children)
    queries = asked.entry("fleet", "queries_per_day", symbol="queries")
    share = asked.entry("fleet", "scenarios", asked.row["scenario"], "long_share", symbol="long_share")
    energies = scenarios.energies_gwh_per_day(
        leaf(queries),
        study.fleet.scenarios[asked.row["scenario"]].replaced(long_share=leaf(share)),
        {workload: _workload(asked, workload) for workload in WORKLOADS},
        {"utilisation": median_of(asked, "power_utilisation"), "pue": median_of(asked, "pue")}
        | {workload: median_of(asked, "fleet", "serving_multiplier", workload) for workload in WORKLOADS},
        study.as_published.draws_per_model,
    )
    name = column.removeprefix(f"{DAY}_")
    if name == "mean":
        return asked.node("traditional + long", [asked.beside(f"{DAY}_mean_{part}", part) for part in WORKLOADS])
    if name in energies:
        interval = "the interval as published: the sampling error of a Monte Carlo mean, not the uncertainty"
        note = interval if name.endswith("_as_published") else asked.node().note
        return asked.follows(energies[name].step(), note=note)
    return _shared_interval(asked, energies["over_shared"])


def _shared_interval(asked: Asked, at_medians: Traced) -> Node:
    """P5, P50, P95 with utilisation and PUE one unknown value each: a log-normal, where no intervention is applied."""
    study = asked.entries
    sd = float(np.hypot(*(lognormal(spec).log_sd for spec in (study.power_utilisation, study.pue))))
    note = f"quantile of {scenarios.SHARED_DRAWS:,} draws of the shared uncertainty; " + (
        "the uncertainty of interventions is left out of the closed form"
        if asked.row["interventions"]
        else "a log-normal"
    )
    children = [
        at_medians.step("energy of a day, shared uncertainty at its median", "D", unit="GWh/day"),
        number("sd", "log deviation of U × PUE: sqrt(sd_U^2 + sd_PUE^2)", sd),
        number("q", "standard score", SCORES[asked.quantile]),
    ]
    form = computed("Closed form", "D * exp(q * sd)", children, note=note, unit="GWh/day")
    return asked.node(children=[form, *assumed(scenarios)], note=note)


@dataclass(frozen=True)
class _Told:
    """A distribution whose mean, or the error of it, names its source."""

    tell: Callable[[float], Traced]

    def moment(self, order: int) -> Traced:
        return self.tell(order)

    def mean_se(self, draws: int) -> Traced:
        return self.tell(draws)


def _workload(asked: Asked, workload: str) -> Workload:
    """One workload of the fleet, each number with its source."""
    study, build = asked.entries, asked.build
    rows = build.rows("energy_per_query", study=asked.study)
    fit, overheads = build.fit(asked.study), build.nested_tables.overheads
    plain = build.once(
        *("workload", asked.study, workload),
        read=lambda: Workload.of(asked.study, study, workload, rows, fit, overheads),
    )
    key = {"study": asked.study, "workload": workload, "subject": study.fleet.subject, "spread": "untrimmed"}
    row = build.row("energy_per_query", **key)

    def told(value: float, node: Node, symbol: str) -> Traced:
        return leaf(replace(node, symbol=symbol), value, about=(workload,))

    def error(of: str) -> Callable[[int], Traced]:
        label = "standard error of the mean energy in a run of the published size"
        size = asked.entry("as_published", "draws_per_model")
        return lambda draws: told(
            getattr(plain, of).mean_se(draws), Node(label=label, unit="Wh", children=(size,)), "se"
        )

    mean, mean_se = (asked.of("energy_per_query", row, f"energy_wh_{name}") for name in ("mean", "mean_se"))
    label = "mean energy with utilisation and PUE at 1: mean / (E[U] E[PUE])"
    return Workload(
        mean_wh=told(plain.mean_wh, mean, "E"),
        mean_se_wh=told(plain.mean_se_wh, mean_se, "se"),
        unit_mean_wh=told(plain.unit_mean_wh, Node(label=label, unit="Wh", children=(mean,)), "E_1"),
        overhead=told(plain.overhead, _overhead(asked, workload), "overhead"),
        multiplier=_Told(lambda order: moment_of(asked, order, "fleet", "serving_multiplier", workload)),
        plain=_Told(error("plain")),
        improved=_Told(error("improved")),
    )


def _overhead(asked: Asked, workload: str) -> Node:
    names = asked.entries.fleet.overheads[workload]
    rows = [
        asked.resource(
            "overheads.csv", {"overhead": name}, "share_p05", symbol=f"o_{place}", note="meaning", label=name
        )
        for place, name in enumerate(names, start=1)
    ]
    key = asked.entry("fleet", "overheads", workload, label="overheads chosen")
    formula = " * ".join(f"(1 + {row.symbol})" for row in rows) or "1"
    return computed(f"overhead of {workload} queries", formula, [*rows, key])
