"""Energies of studies of method `published`: quantiles of a mixture, the closed form at medians, the exact sum."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from inference_energy.common.step import Node
from inference_energy.explain.asked import Asked
from inference_energy.explain.derivations.distributions import median_of, moment_of
from inference_energy.explain.derivations.throughput import curves
from inference_energy.explain.sources import assumed
from inference_energy.explain.trace import Traced, given, leaf, named
from inference_energy.oviedo import energy, exact
from inference_energy.oviedo.energy import spreads
from inference_energy.statistics.distributions import ExponentialTokens, output_tokens
from inference_energy.statistics.draws import REPLICATES, points_per_replicate
from inference_energy.statistics.mixture import UNTRIMMED, Pool
from inference_energy.statistics.quantiles import QUANTILES
from inference_energy.throughput.log_linear import from_fit_row

REPLICATED = f"standard error from the scatter of {REPLICATES} independent replicates of the draws"
MIXTURE = "A quantile of the pooled queries of several models."


def explained(asked: Asked) -> Node:
    """A number of `energy_per_query`."""
    column, row = asked.column, asked.row
    if column == "draws":
        return _draws(asked)
    if column == "extrapolated_share":
        return asked.follows(over_models(asked, lambda model: _outside(asked, model)))
    if column == "largest_deviation_from_exact_se":
        return _deviation(asked)
    if column.endswith("_published_se"):
        return _standard_error(asked)
    if column.endswith("_se"):
        return asked.node(children=[asked.beside(f"energy_wh_{asked.quantile}")], note=REPLICATED)
    method = (*assumed(energy.random_factors), asked.setting("draws", label="draws per model"))
    whole = f"energy_wh_{asked.quantile}_exact"
    note = f"{row['draws']:,} quasi-random draws, standard error {row[f'energy_wh_{asked.quantile}_se']:.3g} Wh"
    if asked.quantile == "mean" and column == whole:
        return asked.follows(over_models(asked, lambda model: _mean_of_model(asked, model)), *method)
    if asked.quantile == "mean":
        return asked.node(children=[asked.beside(whole, label="The same by exact summation")], note=note)
    forms, value = [_closed_form(asked, model) for model in weights(asked)], row[whole]
    cdf = {model: asked.build.exact(asked.study, row["workload"], model).cdf for model in weights(asked)}
    shares = below(asked, value, QUANTILES[asked.quantile], lambda model: cdf[model](value))
    if column == whole:
        return asked.node(children=[*forms, shares, *method], note=MIXTURE)
    summed = asked.beside(whole, label="The same by exact summation", children=(shares,))
    note = f"{MIXTURE} {note}; the sum over all token counts gives {value:.6g} Wh."
    return asked.node(children=[*forms, summed, *method], note=note)


def weights(asked: Asked) -> dict[str, float]:
    """Weight of every model behind a row."""
    if asked.row.get("subject_kind") == "model":
        return {asked.row["subject"]: 1.0}
    return asked.entries.classes[asked.row["subject"]].model_shares()


def kept(asked: Asked) -> tuple[float, float]:
    """Range of each model's quantiles behind a row."""
    return spreads(asked.entries).get(asked.row.get("spread"), UNTRIMMED)


def over_models(asked: Asked, of_model: Callable[[str], Traced]) -> Traced:
    """A number of every model behind a row, weighted; of a row of one model its own."""
    return sum(weight * of_model(model) for model, weight in _weights(asked).items())


def _weights(asked: Asked) -> dict[str, Traced | float]:
    found = weights(asked)
    if asked.row.get("subject_kind") == "model":
        return found
    keys = ("classes", asked.row["subject"], "weights")

    def traced(model: str) -> Traced:
        node = asked.entry(*keys, model, symbol="w", label=f"weight of {model}, all scaled to sum to 1")
        return leaf(node, found[model], about=(model,))

    return {model: traced(model) for model in found}


def below(asked: Asked, value: float, share: float, cdf: Callable[[str], float]) -> Node:
    """Share of a row's queries below a value: the definition of its quantile."""

    def part(model: str) -> Traced:
        label = f"share of all queries of {model} below {value:.6g} Wh, summed over all token counts"
        whole = given("F", label, cdf(model), throughput_at(asked, model).step(), about=(model,))
        if kept(asked) == UNTRIMMED:
            return whole
        low, high = _ends_of_trimming(asked)
        kept_share = np.minimum(np.maximum((whole - low) / (high - low), 0), 1)
        return named(kept_share, f"share of the queries of {model} that trimming keeps", "K", about=(model,))

    label, note = f"Share of queries below {value:.9g} Wh: must be {share:g}", exact.__doc__.split("\n\n")[1]
    found = over_models(asked, part).step(label, note=note.replace("\n", " "))
    return replace(found, value=share, children=(*found.children, *assumed(ExponentialTokens.quantile)))


def _ends_of_trimming(asked: Asked) -> tuple[Traced, Traced]:
    stages = asked.entry("as_published", "trimming", label="each model's draws are trimmed to these shares")
    low, high = kept(asked)
    return given("low", "share cut off below", low, stages), given("high", "share kept below", high, stages)


def throughput_at(asked: Asked, model: str) -> Traced:
    """Throughput of a node at the prompt length of a row's workload and its median answer."""
    return curves.traced(asked, _fit(asked, model)).tok_per_s(_prompt(asked), _answer(asked))


def _prompt(asked: Asked) -> Traced:
    """Prompt length of a row's workload."""
    keys = ("workloads", asked.row["workload"], "input_tokens")
    return leaf(asked.entry(*keys, label="prompt length", unit="tokens"))


def _node_power(asked: Asked, model: str) -> Traced:
    """Maximum power of the node that serves a model."""
    own = ("by_model", model) if model in (asked.entries.node_power_kw.by_model or {}) else ("default",)
    label = f"maximum power of the 8-GPU node that serves {model}"
    return leaf(asked.entry("node_power_kw", *own, label=label, unit="kW"), about=(model,))


def _answer(asked: Asked) -> Traced:
    """Median answer of a row's workload."""
    keys = ("workloads", asked.row["workload"], "output_tokens", "median")
    return leaf(asked.entry(*keys, symbol="L_out", label="answer length, median of an exponential", unit="tokens"))


def _closed_form(asked: Asked, model: str) -> Node:
    why = "energy at median inputs; it approximates the median over all queries of the model"
    form = of_lengths(asked, model, _prompt(asked), _answer(asked))
    return form.step(f"{model}: closed form with every input at its median", note=why)


def of_lengths(asked: Asked, model: str, prompt: Traced, answer: Traced) -> Traced:
    """Energy of a query of a model with certain lengths, every other input at its median, Wh."""
    throughput = curves.traced(asked, _fit(asked, model)).tok_per_s(prompt, answer)
    unit = energy.unit_energy_wh(node_power_kw=_node_power(asked, model), output_tokens=answer, tok_per_s=throughput)
    return energy.energy_wh(
        unit_energy_wh=unit, utilisation=median_of(asked, "power_utilisation"), pue=median_of(asked, "pue")
    )


def _mean_of_model(asked: Asked, model: str) -> Traced:
    """Mean energy of a model's queries by exact summation, all of them or those that trimming keeps, Wh."""
    workload = asked.row["workload"]
    if kept(asked) != UNTRIMMED:
        distribution, (low, high) = asked.build.exact(asked.study, workload, model), _ends_of_trimming(asked)
        moment = distribution.moment(1, *(distribution.quantile(end.value) for end in (low, high)))
        label, form = "integral of the energy over them, by exact summation", _closed_form(asked, model)
        part = given("part", label, moment, form, about=(model,), unit="Wh")
        return named(part / (high - low), f"mean energy of the queries of {model} that trimming keeps", "M", unit="Wh")
    prompt, curve = asked.entries.workloads[workload].input_tokens, from_fit_row(_fit(asked, model))
    tokens = output_tokens(asked.entries.workloads[workload].output_tokens).probabilities()
    lengths = np.arange(1, len(tokens) + 1)
    seconds = tokens @ (lengths / curve.tok_per_s(prompt, lengths))
    label = "mean over all answer lengths of L_out / TPS(L_in, L_out)"
    note = "summed over every token count with its probability; next to it the throughput at the median length"
    time = given("", label, seconds, throughput_at(asked, model).step(), unit="s", note=note)
    mean = energy.energy_wh(
        unit_energy_wh=energy.unit_energy_wh(
            node_power_kw=_node_power(asked, model), output_tokens=time, tok_per_s=1.0
        ),
        utilisation=moment_of(asked, 1, "power_utilisation"),
        pue=moment_of(asked, 1, "pue"),
    )
    return named(mean, f"mean energy of a query of {model}", "M", unit="Wh")


def _fit(asked: Asked, model: str) -> dict:
    return asked.build.row("throughput_fit", study=asked.study, model=model)


def _outside(asked: Asked, model: str) -> Traced:
    fit, spec = _fit(asked, model), asked.entries.workloads[asked.row["workload"]]
    inside = fit["input_tokens_min"] <= spec.input_tokens <= fit["input_tokens_max"]
    ends = ("output_tokens_min", "output_tokens_max")
    share = output_tokens(spec.output_tokens).share_outside(*(fit[end] for end in ends)) if inside else 1.0
    behind = (*(asked.of("throughput_fit", fit, end) for end in ends), _answer(asked).step())
    note = "answers shorter or longer than those of the benchmark rows behind the fit, of an exponential distribution"
    return given("O", f"share of queries of {model} outside", share, *behind, about=(model,), note=note)


def _draws(asked: Asked) -> Node:
    setting = asked.setting("draws", label="draws per model, at least")
    points = points_per_replicate(setting.value)
    of_model = given("n", f"points of each of {REPLICATES} replicates: a power of two", points, setting)
    return asked.follows(of_model * REPLICATES * len(weights(asked)))


def _standard_error(asked: Asked) -> Node:
    members, name = weights(asked), asked.quantile
    distributions = [asked.build.exact(asked.study, asked.row["workload"], model) for model in members]
    of = Pool(members=distributions, weights=np.array(list(members.values())), kept=kept(asked))
    draws = leaf(asked.entry("as_published", "draws_per_model", label="draws per model", symbol="n"))
    if name == "mean":
        label = "weighted variance of a query's energy, that of trimmed means winsorized"
        error = np.sqrt(given("V", label, of.mean_se(draws.value) ** 2 * draws.value, unit="Wh^2") / draws)
    else:
        at = asked.row[f"energy_wh_{name}_exact"]
        low, high = of.kept
        densities = [each.pdf(at) * (low < each.cdf(at) < high) for each in of.members]
        density = float(of.weights @ densities)
        variance = (of.quantile_se(at, draws.value) * density) ** 2 * draws.value
        error = np.sqrt(given("V", "sum of w^2 F (1 - F) over the models", variance) / draws)
        error = error / given("f", "density of all models together there", density, unit="per Wh")
    return asked.follows(error, asked.beside(f"energy_wh_{name}_exact"), note="of the exact distribution")


def _deviation(asked: Asked) -> Node:
    row = asked.row

    def far(name: str) -> float:
        return (row[f"energy_wh_{name}"] - row[f"energy_wh_{name}_exact"]) / row[f"energy_wh_{name}_se"]

    name = max((*QUANTILES, "mean"), key=lambda name: abs(far(name)))
    formula, note = "({0} - {0}_exact) / {0}_se".format(f"energy_wh_{name}"), f"the largest is that of {name}"
    return asked.of_columns(formula, note=note, exact=False)
