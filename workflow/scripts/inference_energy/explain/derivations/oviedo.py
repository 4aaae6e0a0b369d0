"""Energies of studies of method `published`: quantiles of a mixture, the closed form at medians, the exact sum."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.distributions import median_of, moment_of
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed
from inference_energy.explain.step import Node
from inference_energy.explain.trace import Traced, leaf, named
from inference_energy.oviedo import energy, exact
from inference_energy.oviedo.energy import spreads
from inference_energy.statistics.distributions import ExponentialTokens, output_tokens
from inference_energy.statistics.mixture import UNTRIMMED, Pool
from inference_energy.statistics.quantiles import QUANTILES

MIXTURE = "A quantile of the pooled queries of several models."


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query`."""
    column, row = asked.column, asked.row
    if column == "draws":
        return _draws(asked)
    if column == "extrapolated_share":
        return asked.follows(over_models(asked, lambda model: _outside(asked, model)).step())
    if column == "largest_deviation_from_exact_se":
        return _deviation(asked)
    if column.endswith("_se"):
        return _standard_error(asked)
    if column == "borrowed_share":
        return asked.node(note="No curve is transferred in method published.")
    if asked.quantile == "mean":
        return _mean(asked)
    value = row[f"energy_wh_{asked.quantile}_exact"]
    cdf = {model: asked.build.exact(asked.study, row["workload"], model).cdf for model in weights(asked)}
    shares = below(asked, value, QUANTILES[asked.quantile], lambda model: cdf[model](value))
    if column.endswith("_exact"):
        return asked.node(children=[*_closed_forms(asked), shares, *_method(asked)], note=MIXTURE)
    se = row[f"energy_wh_{asked.quantile}_se"]
    note = (
        f"{MIXTURE} Monte Carlo of {row['draws']:,} draws, standard error {se:.3g} Wh; the sum over all token counts"
        f" gives {value:.6g} Wh."
    )
    children = [
        *_closed_forms(asked),
        asked.beside(f"energy_wh_{asked.quantile}_exact", label="The same by exact summation", children=(shares,)),
        *_method(asked),
    ]
    return asked.node(children=children, note=note)


def _method(asked: Asked) -> tuple[Node, ...]:
    return (
        *assumed(energy.random_factors),
        asked.setting("draws", label="draws per model"),
    )


def weights(asked: Asked) -> dict[str, float]:
    """Weight of every model behind a row."""
    if asked.row.get("subject_kind") == "model":
        return {asked.row["subject"]: 1.0}
    return asked.entries.classes[asked.row["subject"]].model_shares()


def kept(asked: Asked) -> tuple[float, float]:
    """Range of each model's quantiles behind a row."""
    return spreads(asked.entries).get(asked.row.get("spread"), UNTRIMMED)


def pool(asked: Asked) -> Pool:
    """The exact distribution behind a row."""
    members = weights(asked)
    return Pool(
        members=[asked.build.exact(asked.study, asked.row["workload"], model) for model in members],
        weights=np.array(list(members.values())),
        kept=kept(asked),
    )


def over_models(asked: Asked, of_model: Callable[[str], Traced]) -> Traced:
    """A number of every model behind a row, weighted; of a row of one model its own."""
    return sum(weight * of_model(model) for model, weight in _weights(asked).items())


def _weights(asked: Asked) -> dict[str, Traced | float]:
    found = weights(asked)
    if asked.row.get("subject_kind") == "model":
        return found
    keys = ("classes", asked.row["subject"], "weights")
    nodes = {
        model: asked.entry(*keys, model, symbol="w", label=f"weight of {model}, all scaled to sum to 1")
        for model in found
    }
    return {model: leaf(nodes[model], weight, about=(model,)) for model, weight in found.items()}


def below(asked: Asked, value: float, share: float, cdf: Callable[[str], float]) -> Node:
    """Share of a row's queries below a value: the definition of its quantile."""

    def part(model: str) -> Traced:
        label = f"share of all queries of {model} below {value:.6g} Wh, summed over all token counts"
        throughput = throughput_at(asked, model).step()
        whole = leaf(Node(label=label, symbol="F", children=(throughput,)), cdf(model), about=(model,))
        if kept(asked) == UNTRIMMED:
            return whole
        low, high = _ends_of_trimming(asked)
        kept_share = np.minimum(np.maximum((whole - low) / (high - low), 0), 1)
        return named(kept_share, f"share of the queries of {model} that trimming keeps", "K", about=(model,))

    label, note = f"Share of queries below {value:.9g} Wh: must be {share:g}", exact.__doc__.split("\n\n")[1]
    found = over_models(asked, part).step(label, note=note.replace("\n", " "))
    return replace(found, value=share, children=(*found.children, *assumed(ExponentialTokens.draw)))


def _ends_of_trimming(asked: Asked) -> tuple[Traced, Traced]:
    stages = asked.entry("as_published", "trimming", label="each model's draws are trimmed to these shares")
    (low, high), words = kept(asked), ("share cut off below", "share kept below")
    return tuple(
        leaf(Node(label=label, symbol=symbol, children=(stages,)), end)
        for end, label, symbol in zip((low, high), words, ("low", "high"), strict=True)
    )


def throughput_at(asked: Asked, model: str) -> Traced:
    """Throughput of a node at the prompt length of a row's workload and its median answer."""
    fit, workload = asked.build.row("throughput_fit", study=asked.study, model=model), asked.row["workload"]
    prompt = asked.entry("workloads", workload, "input_tokens", label="prompt length", unit="tokens")
    return curves.traced(asked, fit).tok_per_s(leaf(prompt), _answer(asked))


def _node_power(asked: Asked, model: str) -> Traced:
    """Maximum power of the node that serves a model."""
    own = ("by_model", model) if model in (asked.entries.node_power_kw.by_model or {}) else ("default",)
    label = f"maximum power of the 8-GPU node that serves {model}"
    node = asked.entry("node_power_kw", *own, label=label, unit="kW")
    return leaf(node, about=(model,))


def _answer(asked: Asked) -> Traced:
    """Median answer of a row's workload."""
    keys, label = (
        ("workloads", asked.row["workload"], "output_tokens", "median"),
        "answer length, median of an exponential",
    )
    node = asked.entry(*keys, symbol="L_out", label=label, unit="tokens")
    return leaf(node)


def _closed_forms(asked: Asked) -> tuple[Node, ...]:
    return tuple(_closed_form(asked, model) for model in weights(asked))


def _closed_form(asked: Asked, model: str) -> Node:
    unit = energy.unit_energy_wh(
        node_power_kw=_node_power(asked, model), output_tokens=_answer(asked), tok_per_s=throughput_at(asked, model)
    )
    form = energy.energy_wh(
        unit_energy_wh=unit, utilisation=median_of(asked, "power_utilisation"), pue=median_of(asked, "pue")
    )
    why = "energy at median inputs; it approximates the median over all queries of the model"
    return form.step(f"{model}: closed form with every input at its median", note=why)


def _mean_of_model(asked: Asked, model: str) -> Traced:
    """Mean energy of a model's queries by exact summation, all of them or those that trimming keeps, Wh."""
    workload = asked.row["workload"]
    if kept(asked) != UNTRIMMED:
        distribution, (low, high) = asked.build.exact(asked.study, workload, model), _ends_of_trimming(asked)
        moment = distribution.moment(1, *(distribution.quantile(end.value) for end in (low, high)))
        label, form = "integral of the energy over them, by exact summation", _closed_form(asked, model)
        part = leaf(Node(label=label, symbol="part", unit="Wh", children=(form,)), moment, about=(model,))
        return named(part / (high - low), f"mean energy of the queries of {model} that trimming keeps", "M", unit="Wh")
    spec, curve = asked.entries.workloads[workload], asked.build.curve(asked.study, model)
    tokens = output_tokens(spec.output_tokens).probabilities()
    lengths = np.arange(1, len(tokens) + 1)
    time = Node(
        label="mean over all answer lengths of L_out / TPS(L_in, L_out)",
        unit="s",
        children=(throughput_at(asked, model).step(),),
        note="summed over every token count with its probability; next to it the throughput at the median length",
    )
    seconds = tokens @ (lengths / curve.tok_per_s(spec.input_tokens, lengths))
    mean = energy.energy_wh(
        unit_energy_wh=energy.unit_energy_wh(
            node_power_kw=_node_power(asked, model), output_tokens=leaf(time, seconds), tok_per_s=1.0
        ),
        utilisation=moment_of(asked, 1, "power_utilisation"),
        pue=moment_of(asked, 1, "pue"),
    )
    return named(mean, f"mean energy of a query of {model}", "M", unit="Wh")


def _mean(asked: Asked) -> Node:
    if asked.column.endswith("_exact"):
        found = over_models(asked, lambda model: _mean_of_model(asked, model)).step()
        return asked.node(found.formula, [*found.children, *_method(asked)])
    note = f"Monte Carlo of {asked.row['draws']:,} draws, standard error {asked.row['energy_wh_mean_se']:.3g} Wh"
    return asked.node(children=[asked.beside("energy_wh_mean_exact", label="The same by exact summation")], note=note)


def _outside(asked: Asked, model: str) -> Traced:
    fit = asked.build.row("throughput_fit", study=asked.study, model=model)
    spec = asked.entries.workloads[asked.row["workload"]]
    inside = fit["input_tokens_min"] <= spec.input_tokens <= fit["input_tokens_max"]
    ends = ("output_tokens_min", "output_tokens_max")
    share = output_tokens(spec.output_tokens).share_outside(*(fit[end] for end in ends)) if inside else 1.0
    behind = (*(asked.of("throughput_fit", fit, end) for end in ends), _answer(asked).step())
    note = "answers shorter or longer than those of the benchmark rows behind the fit, of an exponential distribution"
    node = Node(label=f"share of queries of {model} outside", symbol="O", children=behind, note=note)
    return leaf(node, share, about=(model,))


def _draws(asked: Asked) -> Node:
    found = _weights(asked)
    draws = asked.setting("draws", symbol="n", label="draws of the model of the largest weight")
    number_of = leaf(draws) * sum(found.values()) / max(found.values())
    return asked.follows(number_of.step(), exact=False, note="rounded to whole draws per model")


def _standard_error(asked: Asked) -> Node:
    name, of = asked.quantile, pool(asked)
    draws = asked.setting("draws", label="draws per model", symbol="n")
    note = "of the exact distribution; the table's is of the histogram of the draws, which differs by the sampling"
    if name == "mean":
        label = "weighted variance of a query's energy, that of trimmed means winsorized"
        variance = leaf(Node(label=label, symbol="V", unit="Wh^2"), of.mean_se(draws.value) ** 2 * draws.value)
        error = np.sqrt(variance / leaf(draws))
    else:
        at = asked.row[f"energy_wh_{name}"]
        density = _density(of, at)
        spread = (of.quantile_se(at, draws.value) * density) ** 2 * draws.value
        variance = leaf(Node(label="sum of w^2 F (1 - F) over the models", symbol="V"), spread)
        there = leaf(Node(label="density of all models together there", symbol="f", unit="per Wh"), density)
        error = np.sqrt(variance / leaf(draws)) / there
    found = error.step()
    return asked.node(found.formula, [*found.children, asked.beside(f"energy_wh_{name}")], exact=False, note=note)


def _density(of: Pool, value: float) -> float:
    low, high = of.kept
    inside = [low < member.cdf(value) < high for member in of.members]
    densities = np.array([member.pdf(value) * there for member, there in zip(of.members, inside, strict=True)])
    return float(of.weights @ densities)


def _deviation(asked: Asked) -> Node:
    row = asked.row

    def far(name: str) -> float:
        return (row[f"energy_wh_{name}"] - row[f"energy_wh_{name}_exact"]) / row[f"energy_wh_{name}_se"]

    name = max((*QUANTILES, "mean"), key=lambda name: abs(far(name)))
    columns = {"mc": f"energy_wh_{name}", "sum": f"energy_wh_{name}_exact", "se": f"energy_wh_{name}_se"}
    children = [asked.beside(column, symbol) for symbol, column in columns.items()]
    return asked.node("(mc - sum) / se", children, note=f"the largest is that of {name}", exact=False)
