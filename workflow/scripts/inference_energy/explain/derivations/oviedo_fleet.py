"""Energy of a fleet in a day by the published method."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from inference_energy.common.step import Node
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.distributions import median_of, moment_of
from inference_energy.explain.sources import assumed
from inference_energy.explain.trace import Traced, given, leaf, named, node_of
from inference_energy.oviedo import scenarios
from inference_energy.oviedo.scenarios import Workload
from inference_energy.statistics.distributions import lognormal
from inference_energy.statistics.mixture import Pool
from inference_energy.statistics.quantiles import Z_P95
from inference_energy.studies.study import WORKLOADS

DAY = "energy_gwh_per_day"
SCORES = {"p05": -Z_P95, "p50": 0.0, "p95": Z_P95}


def scenario(asked: Asked) -> Node:
    """A number of `scenario_aggregates`."""
    column, study = asked.column, asked.entries
    if column.startswith("overhead_"):
        return asked.follows(_overhead(asked, column.removeprefix("overhead_")))
    share = asked.entry("fleet", "scenarios", asked.row["scenario"], "long_share", symbol="long_share")
    multipliers = {workload: median_of(asked, "fleet", "serving_multiplier", workload) for workload in WORKLOADS}
    energies = scenarios.energies_gwh_per_day(
        leaf(asked.entry("fleet", "queries_per_day", symbol="queries")),
        study.fleet.scenarios[asked.row["scenario"]].replaced(long_share=leaf(share)),
        {workload: _workload(asked, workload) for workload in WORKLOADS},
        {"utilisation": median_of(asked, "power_utilisation"), "pue": median_of(asked, "pue")} | multipliers,
        study.as_published.draws_per_model,
    )
    name = column.removeprefix(f"{DAY}_")
    if name in energies:
        interval = "the interval as published: the sampling error of a Monte Carlo mean, not the uncertainty"
        return asked.follows(energies[name], note=interval if name.endswith("_as_published") else asked.node().note)
    return _shared_interval(asked, energies["over_shared"])


def _shared_interval(asked: Asked, at_medians: Traced) -> Node:
    """P5, P50, P95 with utilisation and PUE one unknown value each: a log-normal, where no intervention is applied."""
    study, applied = asked.entries, "the uncertainty of interventions is left out of the closed form"
    sd = float(np.hypot(*(lognormal(spec).log_sd for spec in (study.power_utilisation, study.pue))))
    day = named(at_medians, "energy of a day, shared uncertainty at its median", "D", unit="GWh/day")
    deviation = given("sd", "log deviation of U × PUE: sqrt(sd_U^2 + sd_PUE^2)", sd)
    form = day * np.exp(given("q", "standard score", SCORES[asked.quantile]) * deviation)
    note = f"quantile of {scenarios.SHARED_DRAWS:,} quasi-random draws of the shared uncertainty; "
    note += applied if asked.row["interventions"] else "a log-normal"
    closed = node_of(form, "Closed form", note=note, unit="GWh/day")
    return asked.node(children=[closed, *assumed(scenarios)], note=note)


def _workload(asked: Asked, workload: str) -> Workload:
    """One workload of the fleet, each number with its source."""
    study, build = asked.entries, asked.build
    rows = build.rows("energy_per_query", study=asked.study)
    fit, overheads = build.rows("throughput_fit", study=asked.study), build.registry("overheads")
    plain = build.once(
        *("workload", asked.study, workload),
        read=lambda: Workload.of(asked.study, study, workload, rows, fit, overheads),
    )
    multiplier = ("fleet", "serving_multiplier", workload)
    key = {"study": asked.study, "workload": workload, "subject": study.fleet.subject, "spread": "untrimmed"}

    def mean(column: str, symbol: str) -> Node:
        return asked.look_up("energy_per_query", column, symbol, **key)

    def error(of: Pool) -> SimpleNamespace:
        label = "standard error of the mean energy in a run of the published size"
        size = asked.entry("as_published", "draws_per_model")
        facts = {"about": (workload,), "unit": "Wh"}
        return SimpleNamespace(mean_se=lambda draws: given("se", label, of.mean_se(draws), size, **facts))

    label, about = "mean energy with utilisation and PUE at 1: mean / (E[U] E[PUE])", (workload,)
    return Workload(
        mean_wh=leaf(mean("energy_wh_mean", "E"), about=about),
        mean_se_wh=leaf(mean("energy_wh_mean_se", "se"), about=about),
        unit_mean_wh=given("E_1", label, plain.unit_mean_wh, mean("energy_wh_mean", ""), about=about, unit="Wh"),
        overhead=leaf(_overhead(asked, workload), about=about),
        multiplier=SimpleNamespace(moment=lambda order: moment_of(asked, order, *multiplier)),
        plain=error(plain.plain),
        improved=error(plain.improved),
    )


def _overhead(asked: Asked, workload: str) -> Node:
    """Product of 1 + every overhead that is chosen for a workload."""
    found, label = 1.0, f"overhead of {workload} queries"
    for name in asked.entries.fleet.overheads[workload]:
        key = {"overhead": name}
        found = found * (1 + leaf(asked.resource("overheads.csv", key, "share_p05", note="meaning", label=name)))
    step = node_of(found, label, "overhead")
    return replace(step, children=(*step.children, asked.entry("fleet", "overheads", workload, label="chosen")))
