"""Energies of studies of method `published`: quantiles of a mixture, the closed form at medians, the exact sum."""

from dataclasses import replace

import numpy as np

from inference_energy.explain.asked import Asked, closed
from inference_energy.explain.sources import assumed, config_key, study_key
from inference_energy.explain.step import Node, computed, number, total
from inference_energy.oviedo import energy, exact
from inference_energy.oviedo.energy import random_factors, spreads
from inference_energy.statistics.distributions import ExponentialTokens, LogNormal, lognormal, output_tokens
from inference_energy.statistics.mixture import UNTRIMMED, Pool
from inference_energy.statistics.quantiles import SHARES, Z_P95

FACTORS = {"U": ("power_utilisation", "power utilisation, median"), "PUE": ("pue", "PUE, median")}
MIXTURE = "A quantile of several models together: the energy that so large a part of all their queries stays below."


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query`."""
    column, row = asked.column, asked.row
    if column == "draws":
        return _draws(asked)
    if column == "extrapolated_share":
        return asked.node(**_members(asked, _outside))
    if column == "energy_wh_p50_relative_se":
        return asked.node("se / p50", [asked.beside("energy_wh_p50_se", "se"), asked.beside("energy_wh_p50", "p50")])
    if column == "largest_deviation_from_exact_se":
        return _deviation(asked)
    if column.endswith("_se"):
        return _standard_error(asked)
    if column == "borrowed_share":
        return asked.node(note="No curve is borrowed in method published.")
    if asked.quantile == "mean":
        return _mean(asked)
    value = row[f"energy_wh_{asked.quantile}_exact"]
    below = _below(asked, value, SHARES[asked.quantile])
    if column.endswith("_exact"):
        return asked.node(children=[*_closed_forms(asked), below, *_method(asked)], note=MIXTURE)
    se = row[f"energy_wh_{asked.quantile}_se"]
    note = (
        f"{MIXTURE} Monte Carlo of {row['draws']:,} draws, standard error {se:.3g} Wh; the sum over all token counts"
        f" gives {value:.6g} Wh."
    )
    children = [
        *_closed_forms(asked),
        asked.beside(f"energy_wh_{asked.quantile}_exact", label="The same by exact summation", children=(below,)),
        *_method(asked),
    ]
    return asked.node(children=children, note=note)


def _method(asked: Asked) -> tuple[Node, ...]:
    return (
        *assumed(energy.unit_energy_wh, energy.random_factors),
        config_key(asked.evidence, ["draws"], asked.evidence.config["draws"], label="draws per model"),
    )


def weights(asked: Asked) -> dict[str, float]:
    """Weight of every model behind a row."""
    if asked.row.get("subject_kind") == "model":
        return {asked.row["subject"]: 1.0}
    return asked.evidence.typed_study(asked.study).classes[asked.row["subject"]].model_shares()


def kept(asked: Asked) -> tuple[float, float]:
    """Range of each model's quantiles behind a row."""
    return spreads(asked.evidence.typed_study(asked.study)).get(asked.row.get("spread"), UNTRIMMED)


def pool(asked: Asked) -> Pool:
    """The exact distribution behind a row."""
    members = weights(asked)
    return Pool(
        members=[asked.evidence.exact(asked.study, asked.row["workload"], model) for model in members],
        weights=np.array(list(members.values())),
        kept=kept(asked),
    )


def weight(asked: Asked, model: str, value: float) -> Node:
    """Weight of a model in its class."""
    if asked.row.get("subject_kind") == "model":
        return number("w", f"weight of {model}", value, note="the row is of this model alone")
    keys = ["classes", asked.row["subject"], "weights", model]
    return study_key(
        asked.evidence, asked.study, keys, value, symbol="w", label=f"weight of {model}, all scaled to sum to 1"
    )


def _members(asked: Asked, of_model) -> dict:
    """Formula and children of a sum over models, each weighted."""
    terms = []
    for model, share in weights(asked).items():
        part = of_model(asked, model)
        terms.append(computed(model, f"w * {part.symbol}", [weight(asked, model, share), part], symbol="m"))
    if len(terms) == 1 and asked.row.get("subject_kind") == "model":
        return {"formula": terms[0].formula, "children": terms[0].children}
    summed = total("sum over the models", terms)
    return {"formula": summed.formula, "children": summed.children}


def _below(asked: Asked, value: float, share: float) -> Node:
    low, high = kept(asked)

    def part(asked: Asked, model: str) -> Node:
        found = asked.evidence.exact(asked.study, asked.row["workload"], model).cdf(value)
        label = f"share of all queries of {model} below {value:.6g} Wh, summed over all token counts"
        curve = throughput_at(asked, model, asked.row["workload"], _answer(asked, asked.row["workload"]))
        whole = number("F", label, found, children=(curve,))
        if (low, high) == UNTRIMMED:
            return whole
        cut = (_trimming(asked),)
        ends = [
            number("low", "share cut off below", low, children=cut),
            number("high", "share kept below", high, children=cut),
        ]
        formula = "min(max((F - low) / (high - low), 0), 1)"
        return computed(f"share of the queries of {model} that trimming keeps", formula, [whole, *ends], symbol="K")

    members = _members(asked, part)
    children = (*members["children"], *assumed(ExponentialTokens.draw))
    return Node(
        label=f"Share of queries below {value:.9g} Wh: must be {share:g}",
        formula=members["formula"],
        value=share,
        children=children,
        note=exact.__doc__.split("\n\n")[1].replace("\n", " "),
    )


def _trimming(asked: Asked) -> Node:
    stages = asked.evidence.study(asked.study)["as_published"]["trimming"]
    return study_key(
        asked.evidence,
        asked.study,
        ["as_published", "trimming"],
        str(stages),
        label="each model's draws are cut to these shares, one after the other",
    )


def factor_median(asked: Asked, symbol: str) -> Node:
    """Median of a log-normal factor of a study, with its P5 and P95."""
    key, label = FACTORS[symbol]
    return lognormal_median(asked, [key], symbol, label)


def lognormal_median(asked: Asked, keys: list[str], symbol: str, label: str) -> Node:
    """Median of a log-normal law of a study: the geometric mean of its P5 and P95."""
    ends = percentile_keys(asked, keys)
    return computed(label, "sqrt(p05 * p95)", ends, symbol=symbol, note="log-normal between its P5 and P95")


def percentile_keys(asked: Asked, keys: list[str]) -> tuple[Node, Node]:
    """P5 and P95 of a law of a study."""
    spec = asked.evidence.study(asked.study)
    for key in keys:
        spec = spec[key]
    return tuple(
        study_key(asked.evidence, asked.study, [*keys, end], spec[end], symbol=end, label=f"{keys[-1]}, {end}")
        for end in ("p05", "p95")
    )


def throughput_at(asked: Asked, model: str, workload: str, answer: Node) -> Node:
    """Throughput of a node at the prompt length of a workload and some answer length."""
    row = asked.evidence.row("throughput_fit", study=asked.study, model=model)
    spec = asked.evidence.study(asked.study)["workloads"][workload]
    prompt = study_key(
        asked.evidence,
        asked.study,
        ["workloads", workload, "input_tokens"],
        spec["input_tokens"],
        symbol="L_in",
        label="prompt length",
        unit="tokens",
    )
    coefficients = [
        asked.of("throughput_fit", row, column, symbol)
        for symbol, column in (("b0", "intercept"), ("b1", "slope_input"), ("b2", "slope_output"))
    ]
    return computed(
        f"output tokens per second of a node with {model}, {row['form'].replace('_', '-')} fit",
        "min(exp(b0 + b1 * ln(L_in) + b2 * ln(L_out)), cap)",
        [*coefficients, asked.of("throughput_fit", row, "cap_tok_per_s", "cap"), prompt, answer],
        symbol="TPS",
        unit="tok/s",
    )


def node_power(asked: Asked, model: str) -> Node:
    """Maximum power of the node that serves a model."""
    study = asked.evidence.study(asked.study)
    own = model in study["node_power_kw"].get("by_model", {})
    keys = ["node_power_kw", *(("by_model", model) if own else ("default",))]
    return study_key(
        asked.evidence,
        asked.study,
        keys,
        asked.evidence.typed_study(asked.study).node_power_kw.of_model(model),
        symbol="P_node",
        label=f"maximum power of the 8-GPU node that serves {model}",
        unit="kW",
    )


def _answer(asked: Asked, workload: str) -> Node:
    """Median answer of a workload."""
    return study_key(
        asked.evidence,
        asked.study,
        ["workloads", workload, "output_tokens", "median"],
        asked.evidence.study(asked.study)["workloads"][workload]["output_tokens"]["median"],
        symbol="L_out",
        label="answer length, median of an exponential",
        unit="tokens",
    )


def _closed_forms(asked: Asked) -> tuple[Node, ...]:
    workload, found = asked.row["workload"], []
    for model in weights(asked):
        answer = _answer(asked, workload)
        children = [
            node_power(asked, model),
            factor_median(asked, "U"),
            answer,
            throughput_at(asked, model, workload, answer),
            factor_median(asked, "PUE"),
        ]
        found.append(
            closed(
                f"{model}: closed form with every input at its median",
                "P_node * U * L_out / (3.6 * TPS) * PUE",
                children,
                "the energy of one typical query; the median over all queries of the model is near it, not equal to it",
                unit="Wh",
            )
        )
    return tuple(found)


def _moment(asked: Asked, symbol: str, law: LogNormal, keys: list[str], label: str) -> Node:
    ends = percentile_keys(asked, keys)
    sd = computed(
        "standard deviation of the logarithm",
        "(ln(p95) - ln(p05)) / (2 * z)",
        [*ends, number("z", "normal P95, as the publication rounds it", Z_P95)],
        symbol="sd",
    )
    return computed(
        label, "sqrt(p05 * p95) * exp(sd ** 2 / 2)", [*ends, sd], symbol=symbol, note="mean of a log-normal"
    )


def mean_of_model(asked: Asked, model: str) -> Node:
    """Mean energy of a model's queries by exact summation, all of them or those that trimming keeps."""
    workload, study = asked.row["workload"], asked.evidence.study(asked.study)
    distribution = asked.evidence.exact(asked.study, workload, model)
    low, high = kept(asked)
    if (low, high) != UNTRIMMED:
        moment = distribution.moment(1, distribution.quantile(low), distribution.quantile(high))
        return computed(
            f"mean energy of the queries of {model} that trimming keeps",
            "part / (high - low)",
            [
                number("part", "integral of the energy over them, by exact summation", moment, "Wh"),
                number("low", "share cut off below", low),
                number("high", "share kept below", high),
                *_closed_forms_of(asked, model),
            ],
            symbol="M",
            unit="Wh",
        )
    tokens = output_tokens(study["workloads"][workload]["output_tokens"]).probabilities()
    lengths = np.arange(1, len(tokens) + 1)
    curve = asked.evidence.curve(asked.study, model)
    seconds = float(tokens @ (lengths / curve.tok_per_s(study["workloads"][workload]["input_tokens"], lengths)))
    answer = _answer(asked, workload)
    time = number(
        "T",
        "mean over all answer lengths of L_out / TPS(L_in, L_out)",
        seconds,
        "s",
        children=(throughput_at(asked, model, workload, answer),),
        note="summed over every token count with its probability; beside it the throughput at the median length",
    )
    utilisation, pue = random_factors(asked.evidence.typed_study(asked.study))
    return computed(
        f"mean energy of a query of {model}",
        "P_node * U * T / 3.6 * PUE",
        [
            node_power(asked, model),
            _moment(asked, "U", utilisation, ["power_utilisation"], "power utilisation, mean"),
            time,
            _moment(asked, "PUE", pue, ["pue"], "PUE, mean"),
        ],
        symbol="M",
        unit="Wh",
    )


def _closed_forms_of(asked: Asked, model: str) -> tuple[Node, ...]:
    return tuple(form for form in _closed_forms(asked) if form.label.startswith(f"{model}:"))


def _mean(asked: Asked) -> Node:
    if asked.column.endswith("_exact"):
        members = _members(asked, mean_of_model)
        trimming = [] if kept(asked) == UNTRIMMED else [_trimming(asked)]
        return asked.node(members["formula"], [*members["children"], *trimming, *_method(asked)])
    note = f"Monte Carlo of {asked.row['draws']:,} draws, standard error {asked.row['energy_wh_mean_se']:.3g} Wh"
    return asked.node(children=[asked.beside("energy_wh_mean_exact", label="The same by exact summation")], note=note)


def _outside(asked: Asked, model: str) -> Node:
    fit = asked.evidence.row("throughput_fit", study=asked.study, model=model)
    spec = asked.evidence.study(asked.study)["workloads"][asked.row["workload"]]
    prompt = spec["input_tokens"]
    tokens = output_tokens(spec["output_tokens"])
    inside = fit["input_tokens_min"] <= prompt <= fit["input_tokens_max"]
    share = tokens.share_outside(fit["output_tokens_min"], fit["output_tokens_max"]) if inside else 1.0
    ends = [asked.of("throughput_fit", fit, column) for column in ("output_tokens_min", "output_tokens_max")]
    median = _answer(asked, asked.row["workload"])
    note = "answers shorter or longer than those of the benchmark rows behind the fit, of an exponential law"
    return number("O", f"share of queries of {model} outside", share, children=(*ends, median), note=note)


def _draws(asked: Asked) -> Node:
    draws, members = asked.evidence.config["draws"], weights(asked)
    largest = max(members.values())
    nodes = [
        replace(weight(asked, model, share), symbol=f"w_{place}")
        for place, (model, share) in enumerate(members.items(), start=1)
    ]
    summed = " + ".join(node.symbol for node in nodes)
    return asked.node(
        f"n * ({summed}) / w_max",
        [
            config_key(asked.evidence, ["draws"], draws, symbol="n", label="draws of the model of the largest weight"),
            number("w_max", "largest weight", largest),
            *nodes,
        ],
        exact=False,
        note="rounded to whole draws per model",
    )


def _standard_error(asked: Asked) -> Node:
    name, draws = asked.quantile, asked.evidence.config["draws"]
    exact_pool = pool(asked)
    per_model = config_key(asked.evidence, ["draws"], draws, label="draws per model", symbol="n")
    note = "of the exact distribution; the table's is of the histogram of the draws, which differs by the sampling"
    value = asked.beside(f"energy_wh_{name}")
    if name == "mean":
        variance = (exact_pool.mean_se(draws)) ** 2 * draws
        formula, label = "sqrt(V / n)", "weighted variance of a query's energy, that of trimmed means winsorized"
        children = [number("V", label, variance, "Wh^2"), per_model]
    else:
        at = asked.row[f"energy_wh_{name}"]
        density = _density(exact_pool, at)
        spread = (exact_pool.quantile_se(at, draws) * density) ** 2 * draws
        formula = "sqrt(V / n) / f"
        children = [
            number("V", "sum of w^2 F (1 - F) over the models", spread),
            number("f", "density of all models together there", density, "per Wh"),
            per_model,
        ]
    return asked.node(formula, [*children, value], exact=False, note=note)


def _density(of: Pool, value: float) -> float:
    low, high = of.kept
    inside = [low < member.cdf(value) < high for member in of.members]
    densities = np.array([member.pdf(value) * there for member, there in zip(of.members, inside, strict=True)])
    return float(of.weights @ densities)


def _deviation(asked: Asked) -> Node:
    row = asked.row

    def far(name: str) -> float:
        return (row[f"energy_wh_{name}"] - row[f"energy_wh_{name}_exact"]) / row[f"energy_wh_{name}_se"]

    name = max((*SHARES, "mean"), key=lambda name: abs(far(name)))
    columns = {"mc": f"energy_wh_{name}", "sum": f"energy_wh_{name}_exact", "se": f"energy_wh_{name}_se"}
    children = [asked.beside(column, symbol) for symbol, column in columns.items()]
    return asked.node("(mc - sum) / se", children, note=f"the largest is that of {name}", exact=False)


def law_of(asked: Asked, keys: list[str]) -> LogNormal:
    """A log-normal law of a study."""
    spec = asked.evidence.study(asked.study)
    for key in keys:
        spec = spec[key]
    return lognormal(spec)
