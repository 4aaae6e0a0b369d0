"""Energies of studies of method `nested`: the closed form with everything that the fleet shares at one value each."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
from scipy.special import ndtri

from inference_energy.energy import gpu_second, uncertainty
from inference_energy.energy import power as energy_power
from inference_energy.energy.assumptions import cached_name
from inference_energy.energy.service import Member, Service
from inference_energy.energy.uncertainty import Shared
from inference_energy.explain.asked import Asked, plain
from inference_energy.explain.derivations import curves
from inference_energy.explain.derivations.distributions import ingredient
from inference_energy.explain.derivations.evidence import adopted
from inference_energy.explain.sources import assumed, config_key, resource, study_key, workload_line
from inference_energy.explain.step import Node, computed, number, total
from inference_energy.requests.lengths import Lengths
from inference_energy.statistics.quantiles import SHARES
from inference_energy.throughput import gpu_time
from inference_energy.throughput import gpu_time as throughput_gpu_time
from inference_energy.throughput.borrowing import OWN
from inference_energy.throughput.gpu_time import SecondsCurve

SPREADS = {
    "untrimmed": "a query about which nothing is known: its lengths, who serves it and all that the fleet shares drawn",
    "per_query": "how queries of one fleet differ, everything that the fleet shares at its median (by summation)",
    "shared": "how well the mean over queries is known: a mean per draw of what the fleet shares",
}
WHY_NOT = "a closed form with everything at its median; the quantile of the draws is near it, not equal to it"


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query` or `energy_by_boundary`."""
    row, column = asked.row, asked.column
    if column == "energy_wh_p50_relative_se":
        return asked.node("se / p50", [asked.beside("energy_wh_p50_se", "se"), asked.beside("energy_wh_p50", "p50")])
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
            label=f"The same of queries alone, {at_words(asked)}",
        )
        note = f"{of_draws} Drawing what is shared widens the spread and moves it."
        return asked.node(children=[fixed, _sibling(asked, "shared"), *rest], note=note)
    closed = replace(
        energy_at(asked, Situation.of(asked)),
        label=f"Closed form: mean energy of a query, {at_words(asked)}",
        note=WHY_NOT,
    )
    between = [_sibling(asked, spread) for spread in ("untrimmed", "shared") if spread != row["spread"]]
    return asked.node(children=[closed, *between, *rest], note=of_draws.replace("MEAN", "Mean"))


def at_words(asked: Asked) -> str:
    """Where a closed form is taken."""
    return f"everything that the fleet shares at its median, boundary {asked.row['boundary']}"


def _spread_row(asked: Asked, spread: str) -> dict:
    key = {name: asked.row[name] for name in ("study", "workload", "subject", "boundary")}
    return asked.evidence.row("energy_by_boundary", **key, spread=spread)


def _sibling(asked: Asked, spread: str) -> Node:
    other = replace(asked, table="energy_by_boundary", row=_spread_row(asked, spread))
    return other.node(label=f"{spread}, the same column: {SPREADS[spread]}", place=other.place, note="")


class Situation:
    """What an energy is taken at.

    Args:
        name: study.
        service: resolved.
        shared: one value each of what the fleet shares.
        subject: model or class.
        workload: name.
        boundary: what is metered.
        divisors: what interventions divide ingredients by.
        set_to: words for the ingredients that are set to something else than their median.
    """

    def __init__(
        self,
        name: str,
        service: Service,
        shared: Shared,
        subject: str,
        workload: str,
        boundary: str,
        divisors: Mapping[str, Node] | None = None,
        set_to: Mapping[str, str] | None = None,
    ):
        self.name, self.service, self.shared = name, service, shared
        self.subject, self.workload, self.boundary = subject, workload, boundary
        self.divisors, self.set_to = dict(divisors or {}), dict(set_to or {})

    @classmethod
    def of(cls, asked: Asked, **changes: object) -> "Situation":
        """That of a row, everything shared at its median."""
        study = str(changes.pop("name", asked.row.get("study")))
        given = {
            "service": asked.evidence.service(study),
            "shared": asked.evidence.medians(study),
            "subject": asked.row.get("subject"),
            "workload": asked.row.get("workload"),
            "boundary": asked.row.get("boundary"),
        }
        return cls(study, **given | changes)

    @property
    def study(self) -> dict:
        """Entries of the study, as its files have them."""
        return self.service.study.plain()

    @property
    def weights(self) -> dict[Member, float]:
        """Weight of every member."""
        drawn = self.service.weights(self.subject, self.shared)
        return {member: float(weight) for member, weight in drawn.items()}

    def value(self, name: str) -> float:
        """An ingredient."""
        return float(np.ravel(self.shared.values[name])[0])


def energy_at(asked: Asked, of: Situation) -> Node:
    """Mean energy of a subject's queries: over its models and GPUs, weight x GPU-seconds x Wh per GPU-second."""
    terms, rates = [], {}
    for member, weight in of.weights.items():
        model, gpu, _ = member
        node = (model if of.service.given.rated_w else None, gpu)
        if node not in rates:
            rates[node] = wh_per_gpu_second(asked, of, model, gpu)
        seconds = mean_gpu_seconds(asked, of, member)
        children = [_weight(asked, of, member, weight), seconds, rates[node]]
        terms.append(
            computed(f"{model} on {gpu}", "w * s * K", children, symbol="E", unit="Wh", note=whose(of, member))
        )
    terms.sort(key=lambda term: -term.value)
    summed = total("sum over models and GPUs, the largest first", terms, alike=len(terms) > 3, unit="Wh")
    return replace(summed, label=f"Mean energy of a {of.workload} query of {of.subject}, {of.boundary}")


def whose(of: Situation, member: Member) -> str:
    """Whose rows a member's curve rests on."""
    curve = of.service.curves[member][0]
    return "" if isinstance(curve, SecondsCurve) else "log-linear throughput of a node"


def _weight(asked: Asked, of: Situation, member: Member, weight: float) -> Node:
    model, gpu, precision = member
    kind, model_class = of.service.subjects()[of.subject]
    entries = asked.evidence.study(of.name)
    own = "hardware" in entries["classes"][model_class]
    keys = ["classes", model_class, "hardware"] if own else ["hardware"]
    listed = entries["classes"][model_class]["hardware"] if own else entries["hardware"]
    place = [(entry["gpu"], entry["precision"]) for entry in listed].index((gpu, precision))
    mix = {(entry.gpu, entry.precision): entry.share for entry in of.service.study.hardware_mix(model_class)}
    part = mix[gpu, precision]
    label = f"share of {gpu} {precision}, all scaled to sum to 1"
    share = study_key(asked.evidence, of.name, [*keys, place], part, symbol="share", label=label)
    hardware = study_key(asked.evidence, of.name, keys, label="the mix of GPUs")
    if kind == "model":
        return computed(f"weight of {gpu}", "share", [share, hardware], symbol="w")
    mean = of.service.study.classes[model_class].model_shares()[model]
    if abs(weight - mean * part) > 1e-12:  # one model alone serves, as in the tornado
        return number("w", f"weight of {model} on {gpu}, set", weight, children=(share,))
    expected = study_key(
        asked.evidence,
        of.name,
        ["classes", model_class, "weights", model],
        mean,
        symbol="part",
        label=f"weight of {model}, all scaled to sum to 1",
    )
    return computed(f"weight of {model} on {gpu}", "part * share", [expected, share, hardware], symbol="w")


# Lengths


def mean_gpu_seconds(asked: Asked, of: Situation, member: Member) -> Node:
    """Mean GPU-seconds of a workload's queries by the curve of a member."""
    curve, lengths = of.service.curves[member][0], of.service.lengths[of.workload]
    row = asked.evidence.fit(of.name).row(
        by_predicate=pl.all_horizontal(
            *(pl.col(name) == cell for name, cell in zip(("model", "gpu", "precision"), member, strict=True))
        ),
        named=True,
    )
    origin = length_sources(asked, of)
    if not isinstance(curve, SecondsCurve):
        seconds = curve.parts(lengths).means(lengths.weights).decode
        return number(
            "s",
            "GPU-seconds of a query: 8 L_out / TPS(L_in, L_out), mean over queries",
            seconds,
            "GPU-s",
            children=(*_node_curve(asked, of, row), *origin),
        )
    parts = curve.parts(lengths).means(lengths.weights)
    cached = ingredient(asked, of.name, cached_name(of.workload), of.value(cached_name(of.workload)), "h", of.set_to)
    by = {f"by_{name}": replace(node, symbol=f"by_{name}") for name, node in of.divisors.items()}

    def over(*names: str) -> str:
        there = [f"by_{name}" for name in names if f"by_{name}" in by]
        return f" / ({' * '.join(there)})" if there else ""

    squared = ["output_tokens", "output_tokens"]
    terms = [
        f"a * L_p * (1 - h){over('prefill', 'cached_share', 'input_tokens')}",
        f"b * L_o{over('decode', 'output_tokens')}",
        f"c * L_po{over('attention', 'input_tokens', 'output_tokens')}",
        f"c * g * L_oo{over('attention', *squared)}",
    ]
    formula = " + ".join(terms)
    if "by_gpu_seconds" in by:
        formula = f"({formula}) / by_gpu_seconds"
    coefficients = [
        _coefficient(asked, of, row, column, symbol)
        for symbol, column in {**{s: c for c, s in curves.COEFFICIENTS.items()}, "g": "kv_growth"}.items()
    ]
    mean = ", mean" if len(lengths.weights) > 1 else ""
    means = [
        number("L_p", f"prompt tokens that no cache is known to hold{mean}", parts.prefill, "tokens", children=origin),
        number("L_o", f"answer tokens{mean}", parts.decode, "tokens", children=origin),
        number("L_po", f"prompt x answer tokens{mean}", parts.context, "tokens^2", children=origin),
        number("L_oo", f"answer tokens squared{mean}", parts.growth, "tokens^2", children=origin),
    ]
    return computed(
        f"GPU-seconds of a {of.workload} query of {member[0]} on {member[1]}, {row['kinship'].replace('_', ' ')}",
        formula,
        [*coefficients, *means, cached, *by.values(), *assumed(gpu_time.fit)],
        symbol="s",
        unit="GPU-s",
    )


def _coefficient(asked: Asked, of: Situation, row: dict, column: str, symbol: str) -> Node:
    if of.name in asked.evidence.methods:
        return asked.of("throughput_fit", row, column, symbol)
    # A step of the bridge has no tables of its own; what its curve rests on has.
    if row["kinship"] == OWN:
        used = asked.evidence.row("throughput_configurations", configuration=row["configuration"])
        return asked.of("throughput_configurations", used, column, symbol)
    note = f"borrowed from kinship {row['kinship']}"
    return number(symbol, column.replace("_", " "), row[column], note=note, children=_of_class(asked, of, row["model"]))


def _of_class(asked: Asked, of: Situation, model: str) -> tuple[Node, ...]:
    for name, spec in of.study["classes"].items():
        if model in spec["weights"]:
            return (
                study_key(asked.evidence, of.name, ["classes", name, "weights", model], label=f"{model} in {name}"),
            )
    return ()


def _node_curve(asked: Asked, of: Situation, row: dict) -> list[Node]:
    names = ("form", "intercept", "slope_input", "slope_output", "cap_tok_per_s", "rows")
    words = ", ".join(f"{name} {plain(row[name])}" for name in names)
    keys = [key for key in ("sources", "precision", "corrected") if key in of.study["throughput"]]
    return [
        curves.log_linear_rows(asked, of.name, row["model"]),
        study_key(asked.evidence, of.name, ["throughput", "form"], label="log-linear curve", note=words),
        *(study_key(asked.evidence, of.name, ["throughput", key], str(of.study["throughput"][key])) for key in keys),
    ]


def length_sources(asked: Asked, of: Situation) -> tuple[Node, ...]:
    """Where the lengths of a workload come from."""
    spec = of.study["workloads"].get(of.workload)
    if of.workload in of.set_to:
        return (Node(label="lengths", note=of.set_to[of.workload], children=_set_lengths(asked, of)),)
    if "trace" in spec:
        return (_trace(asked, of, ["workloads", of.workload], spec["trace"]),)
    found = []
    for side in ("input_tokens", "output_tokens"):
        keys = ["workloads", of.workload, side]
        if side in of.set_to:
            found.append(Node(label=side.replace("_", " "), note=of.set_to[side], children=(_key(asked, of, keys),)))
        elif not isinstance(spec[side], dict):
            found.append(study_key(asked.evidence, of.name, keys, spec[side], unit="tokens"))
        elif "trace" in spec[side]:
            found.append(_trace(asked, of, keys, spec[side]["trace"]))
        elif "task" in spec[side]:
            row = asked.evidence.row("output_length_quantiles", **{k: spec[side][k] for k in ("task", "model")})
            names = ["task", "model", "responses", *(f"output_tokens_{q}" for q in SHARES)]
            line = workload_line(asked.evidence, row, names, label="measured answers, interpolated between quantiles")
            found.append(replace(_key(asked, of, keys), children=(line,)))
        else:
            law = " ".join(f"{name} {value}" for name, value in spec[side].items())
            found.append(study_key(asked.evidence, of.name, keys, law, label=side.replace("_", " ")))
    return tuple(found)


def _set_lengths(asked: Asked, of: Situation) -> tuple[Node, ...]:
    return (_key(asked, of, ["boundary", "query"]),) if of.workload not in of.study["workloads"] else ()


def _key(asked: Asked, of: Situation, keys: list[str]) -> Node:
    return study_key(asked.evidence, of.name, keys)


def _trace(asked: Asked, of: Situation, keys: list[str], trace: str) -> Node:
    rows = asked.evidence.rows("request_lengths", workload=trace)
    names = ("workload", "input_tokens", "output_tokens", "requests", "cached_input_share")
    shown = tuple(
        workload_line(asked.evidence, row, names, value=row["requests"], unit="requests")
        for row in rows.sort("requests", descending=True).head(3).iter_rows(named=True)
    )
    quantiles = tuple(
        asked.of("request_length_quantiles", row, "tokens_p50", label=f"median {row['side']} length of the trace")
        for row in asked.evidence.rows("request_length_quantiles", workload=trace).iter_rows(named=True)
        if row["side"] in keys[-1] or keys[-1] not in ("input_tokens", "output_tokens")
    )
    note = f"{len(rows):,} bins of {rows['requests'].sum():,} requests; the three fullest are shown"
    return replace(_key(asked, of, keys), note=note, children=(*quantiles, *shown))


# Power


def wh_per_gpu_second(asked: Asked, of: Situation, model: str, gpu: str) -> Node:
    """Energy that goes with one GPU-second of work, within a boundary."""
    load = ingredient(asked, of.name, "load", of.value("load"), "load", of.set_to)
    attained = ingredient(asked, of.name, "attainment", of.value("attainment"), "attainment", of.set_to)
    power = power_w(asked, of, model, gpu, load)
    children = [power, load, attained, *assumed(gpu_second.energy_per_gpu_second_wh)]
    formula = "P / (load * attainment * 3600)"
    slow = f"latency cost: {gpu}"
    if slow in of.shared.values:
        children.append(ingredient(asked, of.name, slow, of.value(slow), "slower", of.set_to))
        formula += " * slower"
    errors = f"fit error: {model}"
    if errors in of.shared.values and of.value(errors) != 0.5:
        sd = of.service.curves[next(member for member in of.service.curves if member[:2] == (model, gpu))][1]
        factor = float(np.exp(sd * ndtri(of.value(errors))))
        children.append(number("missed", f"what the curve misses, {of.set_to.get(errors, errors)}", factor))
        formula += " * missed"
    for name in ("power", "energy"):
        if name in of.divisors:
            children.append(replace(of.divisors[name], symbol=f"by_{name}"))
            formula += f" / by_{name}"
    return computed(
        f"Wh per GPU-second on {gpu}, within {of.boundary}", formula, children, symbol="K", unit="Wh per GPU-s"
    )


def power_w(asked: Asked, of: Situation, model: str, gpu: str, load: Node) -> Node:
    """Power per GPU within a boundary."""
    boundary = of.boundary
    if of.service.given.rated_w:
        node = _rated(asked, of, model)
    else:
        boards = _boards(asked, of, gpu, load)
        if boundary == "gpu_boards":
            return replace(boards, symbol="P")
        node = computed(
            f"node power per GPU, {gpu}",
            "boards + host",
            [boards, _host(asked, of, gpu, load)],
            symbol="node",
            unit="W",
        )
    if boundary in ("gpu_boards", "node"):
        return replace(node, symbol="P")
    children, formula = [node, ingredient(asked, of.name, "pue", of.value("pue"), "PUE", of.set_to)], "node * PUE"
    if boundary == "fleet":
        added = [
            ingredient(asked, of.name, f"overhead: {name}", of.value(f"overhead: {name}"), f"o_{place}", of.set_to)
            for place, name in enumerate(of.service.given.overheads, start=1)
        ]
        children += added
        formula += f" * (1 + {' + '.join(node.symbol for node in added)})" if added else ""
    return computed(f"power per GPU within {boundary}", formula, children, symbol="P", unit="W")


def _rated(asked: Asked, of: Situation, model: str) -> Node:
    rated = of.study["power"]["node_kw"]
    own = model in rated.get("by_model", {})
    keys = ["power", "node_kw", *(("by_model", model) if own else ("default",))]
    kw = rated["by_model"][model] if own else rated["default"]
    return computed(
        f"rated power of the 8-GPU node of {model}, used share, per GPU",
        "kW * 1000 / 8 * U",
        [
            study_key(asked.evidence, of.name, keys, kw, symbol="kW", label="rated power of the node", unit="kW"),
            ingredient(asked, of.name, "utilisation", of.value("utilisation"), "U", of.set_to),
        ],
        symbol="node",
        unit="W",
    )


POWER_FILE = "node_power.csv"


def _boards(asked: Asked, of: Situation, gpu: str, load: Node) -> Node:
    power = of.service.given.power[gpu]
    share = float(power.board_saturated.quantile(np.asarray(of.value("boards"))))
    key = {"gpu": gpu}
    words = of.set_to.get("boards", "median of a beta law between idle and 1 with these P5 and P95")
    return computed(
        f"board power, {gpu}: TDP x (idle + (saturated - idle) x load)",
        "TDP * (idle + (saturated - idle) * load)",
        [
            resource(asked.evidence, "hardware.csv", key, "tdp_w", symbol="TDP", unit="W"),
            resource(asked.evidence, POWER_FILE, key, "board_idle_share_of_tdp", symbol="idle", note="derivation"),
            number(
                "saturated",
                "saturated board power over TDP",
                share,
                note=words,
                children=adopted(asked, POWER_FILE, key, "board_saturated_share_of_tdp"),
            ),
            load,
            *assumed(energy_power.board_power_w),
        ],
        symbol="boards",
        unit="W",
    )


def _host(asked: Asked, of: Situation, gpu: str, load: Node) -> Node:
    power = of.service.given.power[gpu]
    watts = float(power.host_saturated.quantile(np.asarray(of.value("host"))))
    key = {"gpu": gpu}
    words = of.set_to.get("host", "median: idle + sqrt((P5 - idle) (P95 - idle))")
    return computed(
        f"power of everything else in the node, per GPU, {gpu}",
        "1000 * idle_kW + (saturated - 1000 * idle_kW) * load",
        [
            resource(asked.evidence, POWER_FILE, key, "host_idle_kw_per_gpu", symbol="idle_kW", note="derivation"),
            number(
                "saturated",
                "saturated, per GPU",
                watts,
                "W",
                note=words,
                children=adopted(asked, POWER_FILE, key, "host_saturated_kw_per_gpu"),
            ),
            load,
            *assumed(energy_power.host_power_w),
        ],
        symbol="host",
        unit="W",
    )


# Columns beside the energies


def mixes(asked: Asked) -> list[Node]:
    """How well the weights of a class's models are known."""
    subject, key = asked.row["subject"], "mix_concentration"
    spec = asked.evidence.study(asked.study)["classes"].get(subject, {})
    label = "concentration of the Dirichlet law that the weights of the models are drawn from"
    keys = ["classes", subject, key]
    return [study_key(asked.evidence, asked.study, keys, spec[key], label=label)] if key in spec else []


def fits_missed(asked: Asked) -> list[Node]:
    """What the curves behind a row miss, as log deviations."""
    if not asked.evidence.study(asked.study)["throughput"]["fit_error"]:
        return []
    rows = asked.evidence.rows("throughput_fit", study=asked.study)
    members = asked.evidence.service(asked.study).weights(asked.row["subject"])
    found = tuple(
        asked.of("throughput_fit", row, "fit_error_log_sd", label=f"{row['model']} on {row['gpu']}")
        for row in rows.iter_rows(named=True)
        if (row["model"], row["gpu"], row["precision"]) in members
    )
    label = "what the curves miss, log deviation, drawn with the rest"
    return [Node(label=label, children=found, alike=True)]


def _per_query(asked: Asked) -> Node:
    of = Situation.of(asked)
    if asked.quantile == "mean":
        middle = energy_at(asked, of)
        return asked.node(middle.formula, middle.children, note=SPREADS["per_query"])
    lengths, cached = of.service.lengths[of.workload], of.value(cached_name(of.workload))
    energies = of.service.per_gpu_second(of.shared)
    terms, nearest = [], (np.inf, None, 0)
    for member, weight in of.weights.items():
        curve = of.service.curves[member][0]
        seconds = throughput_gpu_time.gpu_seconds(curve.coefficients(), curve.parts(lengths), cached)
        each = np.asarray(seconds) * float(energies[member][of.boundary])
        below = float(lengths.weights @ (each < asked.value) + lengths.weights @ (each == asked.value) / 2)
        share = number("F", f"share of the queries of {member[0]} on {member[1]} below {asked.value:.6g} Wh", below)
        children = [_weight(asked, of, member, weight), share]
        terms.append(computed(f"{member[0]} on {member[1]}", "w * F", children, symbol="m"))
        distance = np.abs(np.log(each / asked.value))
        nearest = min(nearest, (float(distance.min()), member, int(distance.argmin())), key=lambda found: found[0])
    terms.sort(key=lambda term: -term.value)
    below = total("share of queries below it", terms, alike=len(terms) > 3)
    note = f"of weighted points of length, interpolated: {SHARES[asked.quantile]:g} to within one point"
    shares = replace(below, label=f"Share of queries below {asked.value:.9g} Wh", note=note)
    one = _one_query(asked, of, nearest[1], nearest[2])
    mean = replace(energy_at(asked, of), note="the mean of the same queries, model by model and GPU by GPU")
    return asked.node(children=[one, shares, mean], note=SPREADS["per_query"])


def _one_query(asked: Asked, of: Situation, member: Member, point: int) -> Node:
    """A query whose energy is the quantile, or nearly: one model on one GPU at one pair of lengths."""
    lengths = of.service.lengths[of.workload]
    at = slice(point, point + 1)
    one = Lengths(
        input_tokens=lengths.input_tokens[at],
        output_tokens=lengths.output_tokens[at],
        cached_share=lengths.cached_share[at],
        weights=np.ones(1),
    )
    service = replace(of.service, lengths=of.service.lengths | {of.workload: one})
    there = Situation(of.name, service, of.shared, of.subject, of.workload, of.boundary)
    prompt, answer = float(one.input_tokens[0]), float(one.output_tokens[0])
    words = f"{member[0]} on {member[1]}, {prompt:.0f} tokens in, {answer:.0f} out"
    rate = wh_per_gpu_second(asked, there, member[0], member[1])
    label = f"A query of this energy: {words}"
    return computed(label, "s * K", [mean_gpu_seconds(asked, there, member), rate], unit="Wh")


def _share(asked: Asked) -> Node:
    of, found = Situation.of(asked), []
    lengths, ranges = of.service.lengths[of.workload], of.service.ranges
    for member, weight in of.weights.items():
        row = asked.evidence.row(
            "throughput_fit", study=of.name, **dict(zip(("model", "gpu", "precision"), member, strict=True))
        )
        if asked.column == "borrowed_share":
            part = number("x", f"borrowed: {row['kinship']}", float(row["kinship"] != OWN))
        else:
            ends = [
                asked.of("throughput_fit", row, f"{side}_tokens_{end}")
                for side in ("input", "output")
                for end in ("min", "max")
            ]
            outside = lengths.share_outside(*ranges[member])
            label = "share of queries with a length outside that of its rows"
            part = number("x", label, outside, children=tuple(ends))
        terms = [_weight(asked, of, member, weight), part]
        found.append(computed(f"{member[0]} on {member[1]}", "w * x", terms, symbol="m"))
    summed = total("sum over models and GPUs", found)
    return asked.node(summed.formula, summed.children, alike=len(found) > 3)


def _draws(asked: Asked) -> Node:
    if asked.row["spread"] == "per_query":
        return asked.node(
            note="1: a sum over weighted points of length, without draws", children=[asked.beside("energy_wh_mean")]
        )
    key = "draws" if asked.row["spread"] == "untrimmed" else "fleet_draws"
    return asked.node("n", [config_key(asked.evidence, [key], asked.evidence.config[key], symbol="n")])


def _standard_error(asked: Asked) -> Node:
    value = asked.beside(asked.column.removesuffix("_se"))
    note = {
        "untrimmed": "sampling error of the draws: sum over models of w sqrt(F (1 - F) / n), over the density there",
        "per_query": "0: a sum, without draws",
        "shared": "half the distance between the draws one standard error of rank below and above the quantile;"
        " of a mean the deviation over sqrt(n)",
    }[asked.row["spread"]]
    return asked.node(children=[value, asked.beside("draws")], note=note)
