"""What a fleet draws and needs: scenarios of both methods, plans, sweeps, the tornado and shares of a variance."""

from dataclasses import replace

import numpy as np
import polars as pl

from inference_energy.common import conversions
from inference_energy.energy import gpu_second
from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.interventions import pulled as pulled_shared
from inference_energy.energy.service import Member, Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.explain.asked import Asked, closed
from inference_energy.explain.derivations import distributions, interventions, oviedo
from inference_energy.explain.derivations.evidence import adopted
from inference_energy.explain.derivations.oviedo import law_of, lognormal_median, percentile_keys
from inference_energy.explain.derivations.service import Situation, energy_at, mean_gpu_seconds
from inference_energy.explain.sources import assumed, constant, resource, study_key
from inference_energy.explain.step import Node, computed, number, total
from inference_energy.fleet import planning, tornado
from inference_energy.fleet import variance as fleet_variance
from inference_energy.oviedo import scenarios
from inference_energy.statistics.mixture import Pool
from inference_energy.statistics.quantiles import Z_P95
from inference_energy.studies.study import WORKLOADS

DAY = "energy_gwh_per_day"


def scenario(asked: Asked) -> Node:
    """A number of `scenario_aggregates`."""
    if asked.column in ("queries_per_day", "long_share"):
        return asked.node("x", [_spec(asked, asked.column, "x")])
    if asked.evidence.study(asked.study)["method"] == "published":
        return _published(asked)
    return _nested(asked)


def _spec(asked: Asked, column: str, symbol: str) -> Node:
    fleet = asked.evidence.study(asked.study)["fleet"]
    if column == "queries_per_day":
        keys, value = ["fleet", column], fleet[column]
    else:
        keys, value = (
            ["fleet", "scenarios", asked.row["scenario"], column],
            fleet["scenarios"][asked.row["scenario"]][column],
        )
    return study_key(asked.evidence, asked.study, keys, value, symbol=symbol, label=column.replace("_", " "))


def _overhead(asked: Asked, workload: str) -> dict:
    names = asked.evidence.study(asked.study)["fleet"]["overheads"][workload]
    rows = [
        resource(
            asked.evidence,
            "overheads.csv",
            {"overhead": name},
            "share_p05",
            symbol=f"o_{place}",
            note="meaning",
            label=name,
        )
        for place, name in enumerate(names, start=1)
    ]
    key = study_key(asked.evidence, asked.study, ["fleet", "overheads", workload], str(names), label="overheads chosen")
    return {"formula": " * ".join(f"(1 + {row.symbol})" for row in rows) or "1", "children": (*rows, key)}


def _published(asked: Asked) -> Node:
    column = asked.column
    if column.startswith("overhead_"):
        return asked.node(**_overhead(asked, column.removeprefix("overhead_")))
    if column == f"{DAY}_mean":
        parts = [asked.beside(f"{DAY}_mean_{workload}", workload) for workload in WORKLOADS]
        return asked.node("traditional + long", parts)
    if column.startswith(f"{DAY}_mean_") and not column.endswith("_se"):
        return _workload_mean(asked, column.rpartition("_")[2])
    if column.endswith("_as_published"):
        side = {"p05": "mean - z * se", "p50": "mean", "p95": "mean + z * se"}[asked.quantile]
        children = [asked.beside(f"{DAY}_mean", "mean")]
        if asked.quantile != "p50":
            children += [asked.beside(f"{DAY}_published_se", "se"), number("z", "normal P95", Z_P95)]
        note = "the interval as published: the sampling error of a Monte Carlo mean, not what is unknown"
        return asked.node(side, children, note=note)
    if column.endswith("_se"):
        return _published_error(asked)
    return _shared_interval(asked)


def _row_of(asked: Asked, workload: str) -> dict:
    return asked.evidence.row(
        "energy_per_query",
        study=asked.study,
        workload=workload,
        subject=asked.evidence.study(asked.study)["fleet"]["subject"],
        spread="untrimmed",
    )


def _share(asked: Asked, workload: str) -> Node:
    long = _spec(asked, "long_share", "long_share")
    formula = "long_share" if workload == "long" else "1 - long_share"
    return computed(f"share of {workload} queries", formula, [long], symbol="share")


def _workload_mean(asked: Asked, workload: str) -> Node:
    overhead = {"label": f"overhead of {workload} queries", "symbol": "overhead"} | _overhead(asked, workload)
    children = [
        _spec(asked, "queries_per_day", "queries"),
        _share(asked, workload),
        asked.of("energy_per_query", _row_of(asked, workload), "energy_wh_mean", "E"),
        Node(value=asked.row[f"overhead_{workload}"], **overhead),
    ]
    formula = "queries * share * E * overhead / 1e9"
    if asked.row["interventions"]:
        children.append(_saving(asked, workload))
        formula += " * saving"
    return asked.node(formula, children)


def _saving(asked: Asked, workload: str) -> Node:
    ends = percentile_keys(asked, ["fleet", "serving_multiplier", workload])
    return computed(
        "mean of 1 / multiplier of the serving intervention",
        "exp(((ln(p95) - ln(p05)) / (2 * z)) ** 2 / 2) / sqrt(p05 * p95)",
        [*ends, number("z", "normal P95 as rounded there", Z_P95)],
        symbol="saving",
        note="log-normal multiplier, drawn for every query",
    )


def _shared_interval(asked: Asked) -> Node:
    """P5, P50, P95 with utilisation and PUE one unknown value each: a log-normal, where no lever is pulled."""
    terms = []
    for workload in WORKLOADS:
        moments = [law_of(asked, [key]) for key in ("power_utilisation", "pue")]
        unit_mean = _row_of(asked, workload)["energy_wh_mean"] / (moments[0].moment(1) * moments[1].moment(1))
        mean = asked.of("energy_per_query", _row_of(asked, workload), "energy_wh_mean", "mean")
        children = [
            _spec(asked, "queries_per_day", "queries"),
            _share(asked, workload),
            number(
                "unit",
                "mean energy with utilisation and PUE at 1: mean / (E[U] E[PUE])",
                unit_mean,
                "Wh",
                children=(mean,),
            ),
            Node(
                label=f"overhead of {workload} queries",
                symbol="overhead",
                value=asked.row[f"overhead_{workload}"],
                **_overhead(asked, workload),
            ),
        ]
        formula = "queries * share * unit * overhead / 1e9"
        if asked.row["interventions"]:
            keys = ["fleet", "serving_multiplier", workload]
            children.append(lognormal_median(asked, keys, "x", "serving multiplier, median"))
            formula += " / x"
        terms.append(computed(f"{workload} queries", formula, children, symbol="T", unit="GWh/day"))
    utilisation, pue = law_of(asked, ["power_utilisation"]), law_of(asked, ["pue"])
    score = {"p05": -Z_P95, "p50": 0.0, "p95": Z_P95}[asked.quantile]
    sd = float(np.hypot(utilisation.log_sd, pue.log_sd))
    note = f"quantile of {scenarios.SHARED_DRAWS:,} draws of what the whole fleet shares; " + (
        "the levers' own spread is left out of the closed form" if asked.row["interventions"] else "a log-normal"
    )
    factor = [
        oviedo.factor_median(asked, "U"),
        oviedo.factor_median(asked, "PUE"),
        number("sd", "log deviation of U x PUE: sqrt(sd_U^2 + sd_PUE^2)", sd),
        number("q", "standard score", score),
    ]
    both = total("unit energy of the day", terms, symbol="T", unit="GWh/day")
    form = closed("Closed form", "T * U * PUE * exp(q * sd)", [both, *factor], note, unit="GWh/day")
    return asked.node(children=[form, *assumed(scenarios)], note=note)


def _published_error(asked: Asked) -> Node:
    """Standard error of the day's mean, of our draws or of as many as were published."""
    study = asked.evidence.typed_study(asked.study)
    published = "published" in asked.column
    terms = []
    for place, workload in enumerate(WORKLOADS, start=1):
        if published:
            weights = study.classes[study.fleet.subject].model_shares()
            members = [asked.evidence.exact(asked.study, workload, model) for model in weights]
            draws = study.as_published.draws_per_model
            error = Pool(members=members, weights=np.array(list(weights.values()))).mean_se(draws)
            keys = ["as_published", "draws_per_model"]
            label = "standard error of the mean energy in a run of the published size"
            node = number("e", label, error, "Wh", children=(study_key(asked.evidence, asked.study, keys, draws),))
        else:
            node = asked.of("energy_per_query", _row_of(asked, workload), "energy_wh_mean_se", "e")
        overhead = number(
            "overhead",
            "overhead",
            asked.row[f"overhead_{workload}"],
            **{"children": _overhead(asked, workload)["children"]},
        )
        children = [_spec(asked, "queries_per_day", "queries"), _share(asked, workload), node, overhead]
        formula = "queries * share * e * overhead / 1e9"
        if asked.row["interventions"] and not published:
            children.append(_saving(asked, workload))
            formula += " * saving"
        terms.append(computed(f"{workload} queries", formula, children, symbol=f"s_{place}"))
    exact = not (published and asked.row["interventions"])
    note = "" if exact else "with interventions each query is divided by its own multiplier, which adds to the variance"
    return asked.node("sqrt(s_1 ** 2 + s_2 ** 2)", terms, exact=exact, note=note or asked.node().note)


# Method nested


def _boundary_row(asked: Asked, workload: str, spread: str, boundary: str) -> dict:
    subject = asked.evidence.study(asked.study)["fleet"]["subject"]
    return asked.evidence.row(
        "energy_by_boundary",
        study=asked.study,
        workload=workload,
        subject=subject,
        boundary=boundary,
        spread=spread,
    )


def _nested(asked: Asked) -> Node:
    column, row = asked.column, asked.row
    if column.startswith("overhead_"):
        names = asked.evidence.study(asked.study)["overheads"]
        added = [
            distributions.at_share(asked, asked.study, f"overhead: {name}", 0.5, f"o_{place}")
            for place, name in enumerate(names, start=1)
        ]
        key = study_key(asked.evidence, asked.study, ["overheads"], str(names))
        note = "1 + the mean over the draws of the overheads that are switched on; the closed form has their medians"
        formula = f"1 + {' + '.join(node.symbol for node in added)}" if added else ""
        return asked.node(formula, [*added, key], exact=False, note=note)
    if column.endswith("_se"):
        return asked.node(children=[asked.beside(f"{DAY}_mean")], note="deviation over the draws over sqrt(draws)")
    if column == f"{DAY}_mean":
        return asked.node("traditional + long", [asked.beside(f"{DAY}_mean_{name}", name) for name in WORKLOADS])
    if column.startswith(f"{DAY}_mean_"):
        return _nested_part(asked, column.rpartition("_")[2], "mean", exact=not row["interventions"])
    alone = {0.0: "traditional", 1.0: "long"}.get(row["long_share"])
    if alone and not row["interventions"]:
        return _nested_part(asked, alone, asked.quantile, exact=True)
    day = day_at_medians(asked, row["scenario"], row["boundary"])
    note = f"{asked.quantile.upper()} over draws of what the fleet shares; the closed form has everything at its median"
    return asked.node(children=[day, asked.beside(f"{DAY}_mean")], note=note)


def _nested_part(asked: Asked, workload: str, name: str, *, exact: bool) -> Node:
    children = [_spec(asked, "queries_per_day", "queries"), _share(asked, workload)]
    if exact:
        row = _boundary_row(asked, workload, "shared", asked.row["boundary"])
        children.append(asked.of("energy_by_boundary", row, f"energy_wh_{name}", "E"))
        note = f"the {name} over queries of every draw, within boundary {asked.row['boundary']}"
        return asked.node("queries * share * E / 1e9", children, note=note)
    pulled = pulled_energy(asked, workload, asked.row["boundary"])
    note = "the mean over draws; the closed form has everything, levers included, at its median"
    return asked.node("queries * share * E / 1e9", [*children, replace(pulled, symbol="E")], exact=False, note=note)


def situation(asked: Asked, workload: str, boundary: str) -> Situation:
    """The class that a fleet is served by, everything at its median."""
    subject = asked.evidence.study(asked.study)["fleet"]["subject"]
    return Situation.of(asked, subject=subject, workload=workload, boundary=boundary)


def pulled_energy(asked: Asked, workload: str, boundary: str) -> Node:
    """Mean energy with the levers of the fleet pulled, everything at its median."""
    study = asked.evidence.study(asked.study)
    of = situation(asked, workload, boundary)
    return interventions.with_levers(asked, of, study["fleet"]["levers"], study["interventions"]["overlap"])


def day_at_medians(asked: Asked, scenario: str, boundary: str) -> Node:
    """Energy of a day of a scenario with everything at its median."""
    spec = asked.evidence.study(asked.study)["fleet"]["scenarios"][scenario]
    here = replace(asked, row=asked.row | {"scenario": scenario})
    terms = []
    for workload in WORKLOADS:
        pulled = spec["interventions"]
        energy = (
            pulled_energy(here, workload, boundary) if pulled else energy_at(here, situation(here, workload, boundary))
        )
        children = [_spec(here, "queries_per_day", "queries"), _share(here, workload), replace(energy, symbol="E")]
        terms.append(computed(f"{workload} queries", "queries * share * E / 1e9", children, symbol="D", unit="GWh/day"))
    found = total("closed form: energy of a day", terms, unit="GWh/day")
    return replace(found, note="everything that the fleet shares at its median")


def plan(asked: Asked) -> Node:
    """A number of `fleet_plan`."""
    quantity, name = asked.row["quantity"], asked.column
    scenario_row = asked.evidence.row("scenario_aggregates", study=asked.study, scenario=asked.row["scenario"])
    same = scenario_row["boundary"] == "fleet"
    energy = asked.of("scenario_aggregates", scenario_row, f"{DAY}_{name}", "E")
    zone = asked.evidence.study(asked.study)["fleet"].get("grid_zone")
    if quantity == "average_power":
        hours = constant(conversions, "HOURS_PER_DAY", conversions.HOURS_PER_DAY, "hours of a day", symbol="h")
        return asked.node("E * 1000 / h", [energy, hours], exact=same)
    if quantity == "energy_per_year":
        days = constant(conversions, "DAYS_PER_YEAR", conversions.DAYS_PER_YEAR, "days of a year", symbol="d")
        return asked.node("E * d / 1000", [energy, days], exact=same)
    if quantity == "emissions":
        carbon = resource(
            asked.evidence, "grid.csv", {"zone": zone}, "carbon_gco2e_per_kwh", symbol="carbon", unit="g CO2e/kWh"
        )
        key = study_key(asked.evidence, asked.study, ["fleet", "grid_zone"], zone)
        return asked.node("E * carbon", [energy, carbon, key], exact=same)
    if quantity == "water":
        return _water(asked, energy, zone)
    gpus = _gpus(asked)
    note = "over draws of what the fleet shares; the closed form has everything at its median"
    if quantity == "gpus":
        return asked.node(children=[gpus, *assumed(planning.gpus_needed)], note=note)
    nodes = _nodes(asked, gpus)
    if quantity == "nodes":
        return asked.node(children=[nodes], note=note)
    return asked.node(children=[_peak(asked), *assumed(planning.peak_power_mw)], note=note)


def _situations(asked: Asked) -> tuple[dict[str, Situation], dict[str, Node]]:
    """The fleet of a scenario by workload, everything at its median, and what its levers divide ingredients by."""
    place = ("fleet", asked.study, asked.row["scenario"])
    return asked.evidence.once(*place, read=lambda: _found_situations(asked))


def _found_situations(asked: Asked) -> tuple[dict[str, Situation], dict[str, Node]]:
    study = asked.evidence.study(asked.study)
    spec = study["fleet"]["scenarios"][asked.row["scenario"]]
    found, pulled = {}, {}
    for workload in WORKLOADS:
        of = situation(asked, workload, "fleet")
        if spec["interventions"]:
            pulled = interventions.divisors(
                asked,
                situation(asked, "traditional", "fleet"),
                study["fleet"]["levers"],
                study["interventions"]["overlap"],
            )
            values = {name: np.asarray(node.value) for name, node in pulled.items()}
            words = {
                name: f"with levers: {', '.join(study['fleet']['levers'])}" for name in ("load", "attainment", "pue")
            }
            shared = pulled_shared(of.shared, values)
            of = Situation(of.name, of.service, shared, of.subject, workload, "fleet", divisors=pulled, set_to=words)
        found[workload] = of
    return found, pulled


def _gpus_of(asked: Asked, member: Member, found: dict[str, Situation]) -> Node:
    place = ("gpus", asked.study, asked.row["scenario"], member)
    return asked.evidence.once(*place, read=lambda: _counted_gpus(asked, member, found))


def _counted_gpus(asked: Asked, member: Member, found: dict[str, Situation]) -> Node:
    terms = []
    for workload, of in found.items():
        weight = number("w", f"weight of {member[0]} on {member[1]}", of.weights[member], children=_hardware(asked))
        load = distributions.ingredient(asked, of.name, "load", of.value("load"), "load", of.set_to)
        attained = distributions.ingredient(
            asked, of.name, "attainment", of.value("attainment"), "attainment", of.set_to
        )
        children = [
            _spec(asked, "queries_per_day", "queries"),
            _share(asked, workload),
            weight,
            mean_gpu_seconds(asked, of, member),
            load,
            attained,
            constant(conversions, "SECONDS_PER_DAY", conversions.SECONDS_PER_DAY, "seconds of a day", symbol="day"),
        ]
        formula = "queries * share * w * s / (day * load * attainment)"
        slow = f"latency cost: {member[1]}"
        if slow in of.shared.values:
            children.append(distributions.ingredient(asked, of.name, slow, of.value(slow), "slower", of.set_to))
            formula += " * slower"
        terms.append(computed(f"{workload} queries", formula, children, symbol="g"))
    return total(f"GPUs: {member[0]} on {member[1]}", terms, symbol="G", unit="GPUs")


def _hardware(asked: Asked) -> tuple[Node, ...]:
    return (study_key(asked.evidence, asked.study, ["hardware"], label="the mix of GPUs"),)


def _gpus(asked: Asked) -> Node:
    found, _ = _situations(asked)
    members = next(iter(found.values())).weights
    terms = [_gpus_of(asked, member, found) for member in members]
    return replace(total("closed form: GPUs", terms, unit="GPUs", alike=True), symbol="gpus")


def _per_node(asked: Asked, gpu: str) -> Node:
    return resource(asked.evidence, "hardware.csv", {"gpu": gpu}, "gpus_per_node", symbol="per_node")


def _nodes(asked: Asked, gpus: Node) -> Node:
    found, _ = _situations(asked)
    terms = []
    for member in next(iter(found.values())).weights:
        count = replace(_gpus_of(asked, member, found), symbol="G")
        label = f"nodes: {member[0]} on {member[1]}"
        terms.append(computed(label, "G / per_node", [count, _per_node(asked, member[1])], symbol="N", unit="nodes"))
    return total("closed form: nodes", terms, unit="nodes", alike=True)


def _peak(asked: Asked) -> Node:
    found, pulled = _situations(asked)
    of = found["traditional"]
    power = {name: of.value(name) for name in of.shared.values if name in ("pue",)}
    terms = []
    for member in of.weights:
        watts = float(gpu_second.powers_w(of.service.given, of.shared, member[0], member[1], 1.0)["node"])
        row = _power_rows(asked, member[1])
        children = [
            replace(_gpus_of(asked, member, found), symbol="G"),
            number("W", "power per GPU of a saturated node, median", watts, "W", children=row),
            distributions.ingredient(asked, of.name, "pue", power["pue"], "PUE", of.set_to),
            *(
                distributions.ingredient(
                    asked, of.name, f"overhead: {name}", of.value(f"overhead: {name}"), f"o_{place}"
                )
                for place, name in enumerate(of.service.given.overheads, start=1)
            ),
        ]
        overheads = "".join(f" + {child.symbol}" for child in children[3:])
        formula = f"G * W * PUE * (1{overheads}) / 1e6"
        label = f"peak: {member[0]} on {member[1]}"
        terms.append(computed(label, formula, children, symbol="P", unit="MW"))
    whole = total("closed form: peak power", terms, unit="MW", alike=True)
    saved = [replace(pulled[name], symbol=f"by_{name}") for name in ("power", "energy") if name in pulled]
    if not saved:
        return whole
    formula = "P / (" + " * ".join(node.symbol for node in saved) + ")"
    return computed("closed form: peak power", formula, [replace(whole, symbol="P"), *saved], unit="MW")


def _power_rows(asked: Asked, gpu: str) -> tuple[Node, ...]:
    quantities = ("board_saturated_share_of_tdp", "host_saturated_kw_per_gpu")
    return tuple(node for name in quantities for node in adopted(asked, "node_power.csv", {"gpu": gpu}, name))


def _water(asked: Asked, energy: Node, zone: str) -> Node:
    keys = ["fleet", "onsite_water_l_per_kwh"]
    spec = asked.evidence.study(asked.study)["fleet"]["onsite_water_l_per_kwh"]
    if isinstance(spec, dict):
        low = number("low", "what the law cannot fall below", spec.get("above", 0.0))
        formula = "low + sqrt((p05 - low) * (p95 - low))"
        onsite = computed(
            "on-site water, median", formula, [low, *percentile_keys(asked, keys)], symbol="onsite", unit="L/kWh"
        )
    else:
        onsite = study_key(asked.evidence, asked.study, keys, spec, symbol="onsite", unit="L/kWh")
    of = situation(asked, "traditional", "fleet")
    children = [
        energy,
        onsite,
        distributions.ingredient(asked, of.name, "pue", of.value("pue"), "PUE"),
        resource(asked.evidence, "grid.csv", {"zone": zone}, "water_l_per_kwh", symbol="offsite", unit="L/kWh"),
        *assumed(planning.water_l_per_kwh),
    ]
    formula = "E * 1000 * (onsite / PUE + offsite)"
    note = "over draws of energy, PUE and on-site water; the closed form has PUE and on-site water at their medians"
    return asked.node(formula, children, exact=False, note=note)


def sweep(asked: Asked) -> Node:
    """A number of `sweeps`."""
    row, parameter = asked.row, asked.row["parameter"]
    values = asked.evidence.study(asked.study)["sweeps"][parameter]
    place = next(number for number, value in enumerate(values) if value == row["value"])
    key = study_key(
        asked.evidence, asked.study, ["sweeps", parameter, place], row["value"], symbol="x", label=parameter
    )
    if asked.column == "value":
        return asked.node("x", [key])
    boundary = asked.evidence.study(asked.study)["boundary"]
    if parameter == "long_share":
        return _sweep_of_shares(asked, key, boundary["fleet"])
    of = situation(asked, row["workload"], boundary["query"])
    words = {parameter: f"set to {row['value']:g} by the sweep"}
    service, shared = of.service, of.shared
    if parameter in ("input_tokens", "output_tokens"):
        service = _with_lengths(service, row["workload"], parameter, row["value"])
    elif parameter == "cached_share":
        name = cached_name(row["workload"])
        lengths = service.lengths[row["workload"]]
        plain = replace(lengths, cached_share=np.zeros_like(lengths.cached_share))
        service = replace(service, lengths=service.lengths | {row["workload"]: plain})
        shared, words = shared.replaced(name, row["value"]), {name: words[parameter]}
    else:
        shared = shared.replaced(parameter, row["value"])
    there = Situation(of.name, service, shared, of.subject, of.workload, of.boundary, set_to=words)
    note = "over draws of everything else that the fleet shares; the closed form has that at its median"
    return asked.node(children=[energy_at(asked, there), replace(key, symbol="")], note=note)


def _with_lengths(service, workload: str, side: str, value: float):
    of = service.lengths[workload]
    set_to = replace(of, **{side: np.full_like(getattr(of, side), value)})
    return replace(service, lengths=service.lengths | {workload: set_to})


def _sweep_of_shares(asked: Asked, share: Node, boundary: str) -> Node:
    children = [replace(share, symbol="long_share"), _queries(asked)]
    for workload, symbol in zip(WORKLOADS, ("E_t", "E_l"), strict=True):
        row = _boundary_row(asked, workload, "shared", boundary)
        name = "mean" if asked.column == "mean" else asked.column
        children.append(asked.of("energy_by_boundary", row, f"energy_wh_{name}", symbol))
    exact = asked.column == "mean" or asked.row["value"] in (0.0, 1.0)
    note = asked.node().note if exact else "quantiles do not add up: those of the two workloads are near it"
    formula = "queries * ((1 - long_share) * E_t + long_share * E_l) / 1e9"
    return asked.node(formula, children, exact=exact, note=note)


def _queries(asked: Asked) -> Node:
    value = asked.evidence.study(asked.study)["fleet"]["queries_per_day"]
    return study_key(asked.evidence, asked.study, ["fleet", "queries_per_day"], value, symbol="queries")


def moved(asked: Asked) -> Node:
    """A number of `tornado`."""
    row, column = asked.row, asked.column
    end = {"at_low": 0.05, "at_high": 0.95}.get(column)
    if end is None:
        return _tornado_at(asked, {}, asked.evidence.medians(asked.study))
    name = row["ingredient"]
    if name in ("model", "gpu", "coupling", "lengths"):
        return _alternative(asked, name, column)
    service = asked.evidence.service(asked.study)
    given, names = service.given, tornado.laws_of(service, name)
    shared = asked.evidence.medians(asked.study)
    words, behind = {}, []
    for law in names:
        shared = shared.replaced(law, given.laws[law].quantile(np.array(end)))
        words[law] = f"at its P{100 * end:g}"
        if law not in ("boards", "host") and not law.startswith("fit error"):
            behind.append(distributions.at_share(asked, asked.study, law, end, ""))
    return _tornado_at(asked, words, shared, tuple(behind))


def _tornado_at(
    asked: Asked,
    words: dict[str, str],
    shared: Shared,
    behind: tuple[Node, ...] = (),
    service: Service | None = None,
) -> Node:
    """The quantity of a row with everything at given values."""
    quantity = asked.row["quantity"]
    boundary = asked.evidence.study(asked.study)["boundary"]
    if quantity.endswith("fleet"):
        terms = []
        here = replace(asked, row=asked.row | {"scenario": tornado.MIXED})
        for workload in WORKLOADS:
            of = situation(asked, workload, boundary["fleet"])
            there = Situation(of.name, service or of.service, shared, of.subject, workload, of.boundary, set_to=words)
            children = [_queries(asked), _share(here, workload), replace(energy_at(asked, there), symbol="E")]
            terms.append(computed(f"{workload} queries", "queries * share * E / 1e9", children, symbol="D"))
        summed = total("energy of a day", terms)
        return asked.node(summed.formula, [*summed.children, *behind])
    of = situation(asked, quantity.split(":")[0], boundary["query"])
    there = Situation(of.name, service or of.service, shared, of.subject, of.workload, of.boundary, set_to=words)
    energy = energy_at(asked, there)
    return asked.node(energy.formula, [*energy.children, *behind], alike=energy.alike)


NOTES = {
    "model": "one model of the class serves everything: the one that needs least, or most",
    "gpu": "one GPU of the study serves everything: the one that needs least, or most",
    "coupling": "low: as it is; high: power as saturated all of the time, P(1) / (load attainment)",
    "lengths": "every prompt at the P5, or P95, of the workload's prompts",
}


def _alternative(asked: Asked, name: str, column: str) -> Node:
    """What is not a law of the study: other lengths, one model or GPU alone, power that does not follow load."""
    service, shared = asked.evidence.service(asked.study), asked.evidence.medians(asked.study)
    if name == "lengths":
        moved, words = tornado.with_prompts(service, tornado.ENDS[column.removeprefix("at_")]), NOTES[name]
        found = [_tornado_at(asked, {"input_tokens": words}, shared, service=moved)]
    elif name == "coupling":
        found = [_tornado_at(asked, {}, shared, service=service)]
        if column == "at_high":
            load, attained = float(shared.values["load"]), float(shared.values["attainment"])
            words = {"load": "1: saturated all of the time", "attainment": f"{attained:.6g} x load {load:.6g}"}
            found = [_tornado_at(asked, words, shared.replaced("load", 1.0).replaced("attainment", attained * load))]
    elif name == "model":
        subject = asked.evidence.study(asked.study)["fleet"]["subject"]
        found = []
        for model in shared.mix[subject]:
            alone = {other: np.asarray(float(other == model)) for other in shared.mix[subject]}
            found.append(_tornado_at(asked, {}, replace(shared, mix=shared.mix | {subject: alone}, derived={})))
    else:
        subject = asked.evidence.study(asked.study)["fleet"]["subject"]
        found = []
        for entry in service.study.hardware_mix(subject):
            alone = service.study.classes[subject].replaced(hardware=(entry,))
            study = service.study.replaced(classes={subject: alone})
            found.append(_tornado_at(asked, {}, shared, service=replace(service, study=study)))
    chosen = min(found, key=lambda node: abs(node.result - asked.value))
    return replace(chosen, note=NOTES[name])


def variance(asked: Asked) -> Node:
    """A number of `variance_shares`."""
    row = asked.row
    same = asked.evidence.rows(
        "variance_shares", **{name: row[name] for name in ("study", "subject", "workload", "spread")}
    )
    others = same.filter(pl.col("ingredient") != row["ingredient"])
    if asked.column == "log_variance":
        energies = asked.evidence.row(
            "energy_per_query",
            **{name: row[name] for name in ("study", "workload", "subject", "spread")},
        )
        ends = [asked.of("energy_per_query", energies, f"energy_wh_{end}", end) for end in ("p05", "p95")]
        note = "variance of ln energy over the draws; beside it that of a log-normal with the same P5 and P95"
        return asked.node("(ln(p95 / p05) / 3.29) ** 2", ends, exact=False, note=note)
    if row["ingredient"] == fleet_variance.INTERPLAY:
        found = [
            number(
                f"s_{place}", f"share of {other['ingredient']}", other["variance_share"], children=_law(asked, other)
            )
            for place, other in enumerate(others.iter_rows(named=True), start=1)
        ]
        formula = "1 - (" + " + ".join(node.symbol for node in found) + ")"
        return asked.node(formula, found, note="what no ingredient explains alone")
    explains = replace(asked.beside("log_variance", "V"), note="variance of ln energy over the draws")
    part = number(
        "V_x",
        "variance of the mean of ln energy given the ingredient: Var(E[ln energy | x])",
        row["variance_share"] * row["log_variance"],
        children=_law(asked, row),
    )
    note = "first-order share, Saltelli et al., doi:10.1016/j.cpc.2009.09.018, in 100 bins of equal numbers of draws"
    if row["ingredient"] in ("lengths", "fit error") and row["spread"] == "untrimmed":
        note = "given the model and GPU: mean over them of the variance of ln energy that it alone makes"
    if row["ingredient"] == "model and GPU":
        note = "variance over models and GPUs of the mean of ln energy of each"
    return asked.node("V_x / V", [part, explains], note=note)


def _law(asked: Asked, row: dict) -> tuple[Node, ...]:
    """What an ingredient of a variance rests on."""
    name, study = row["ingredient"], row["study"]
    subject, workload = row["subject"], row["workload"]
    keys = {
        "lengths": ["workloads", workload],
        "model and GPU": ["classes", subject, "weights"],
        "model mix": ["classes", subject, "weights"],
        "fit error": ["throughput", "fit_error"],
        "power": ["power"],
        "overheads": ["overheads"],
    }
    if name in keys:
        return (study_key(asked.evidence, study, keys[name], label=f"{name}: {'.'.join(keys[name])}", note=""),)
    law = cached_name(workload) if name == "cached share" else name
    return tuple(distributions.at_share(asked, study, law, share, "") for share in (0.05, 0.5, 0.95))
