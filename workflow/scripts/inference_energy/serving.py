"""What serves a study's models: one throughput curve per model, GPU and precision, own or borrowed, with its error."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
import polars as pl

from inference_energy.configurations import version_order
from inference_energy.errors import InputError, one_of
from inference_energy.gpu_seconds import GpuSeconds
from inference_energy.lengths import Lengths
from inference_energy.registries import aliased
from inference_energy.relatives import COEFFICIENTS, KINSHIPS, borrowed, relatives, with_facts
from inference_energy.roofline import BYTES_PER_PARAMETER
from inference_energy.throughput import NODE_GPUS, ThroughputModel

OWN = "own_rows"
NOTHING: Mapping[str, float] = MappingProxyType({})
# Lengths at which the parallelism that serves a configuration with the fewest GPU-seconds is chosen.
TYPICAL_TOKENS = (1000.0, 1000.0)
# Columns of a configuration's curve, and of the lengths behind it.
CURVE_COLUMNS = (*COEFFICIENTS, "kv_growth")
RANGE_COLUMNS = ("input_tokens_min", "input_tokens_max", "output_tokens_min", "output_tokens_max")


@dataclass(frozen=True, kw_only=True)
class QueryParts:
    """What the GPU time of a query is made of; each a number, or an array of one value per query.

    Attributes:
        prefill: prompt tokens that are not known to be cached.
        decode: answer tokens.
        context: answer tokens times prompt tokens, what decoding reads of the prompt's KV cache.
        growth: answer tokens squared, what it reads of the answer's own.
    """

    prefill: np.ndarray | float
    decode: np.ndarray | float
    context: np.ndarray | float
    growth: np.ndarray | float

    def at(self, points: np.ndarray) -> "QueryParts":
        """The parts of the queries at some positions."""
        return QueryParts(**{name: getattr(self, name)[points] for name in self.__dataclass_fields__})

    def means(self, weights: np.ndarray) -> "QueryParts":
        """Mean over queries of every part."""
        return QueryParts(**{name: float(weights @ getattr(self, name)) for name in self.__dataclass_fields__})


class Curve(Protocol):
    """GPU time of a query as a function of its lengths."""

    def parts(self, of: Lengths) -> QueryParts:
        """Parts of the GPU time per point."""
        ...

    def coefficients(self) -> dict[str, float]:
        """GPU-seconds per unit of every part."""
        ...


@dataclass(frozen=True, kw_only=True)
class SecondsCurve:
    """GPU-seconds that are a sum of prefill, decoding and attention."""

    form: GpuSeconds

    def parts(self, of: Lengths) -> QueryParts:
        """Tokens and their products."""
        return QueryParts(
            prefill=of.input_tokens * (1 - of.cached_share),
            decode=of.output_tokens,
            context=of.input_tokens * of.output_tokens,
            growth=of.output_tokens**2,
        )

    def coefficients(self) -> dict[str, float]:
        """a, b, c and c g."""
        form = self.form
        return {
            "prefill": form.prefill,
            "decode": form.decode,
            "context": form.attention,
            "growth": form.attention * form.kv_growth,
        }


@dataclass(frozen=True, kw_only=True)
class NodeCurve:
    """GPU-seconds of a node that is taken for L_out / TPS(L_in, L_out), the published form."""

    form: ThroughputModel

    def parts(self, of: Lengths) -> QueryParts:
        """All time counts as decoding: in this form prefill is inside the throughput and cannot be told from it."""
        seconds = NODE_GPUS * of.output_tokens / self.form.tok_per_s(of.input_tokens, of.output_tokens)
        nothing = np.zeros(len(seconds))
        return QueryParts(prefill=nothing, decode=seconds, context=nothing, growth=nothing)

    def coefficients(self) -> dict[str, float]:
        """Time is counted as it is."""
        return {"prefill": 0.0, "decode": 1.0, "context": 0.0, "growth": 0.0}


def gpu_seconds(
    coefficients: dict[str, float],
    parts: QueryParts,
    cached_share: np.ndarray | float = 0.0,
    divisors: Mapping[str, np.ndarray | float] = NOTHING,
) -> np.ndarray | float:
    """GPU-seconds of queries: a L_in (1 - cached) + b L_out + c L_in L_out + c g L_out^2, elementwise.

    Args:
        coefficients: GPU-seconds per unit of every part.
        parts: of the queries, or their means.
        cached_share: share of the prompts that is in the cache.
        divisors: what interventions divide an ingredient by; of the cached share the rest, 1 - cached, is divided.
    """
    by = defaultdict(lambda: 1.0, divisors)
    prompt, answer = by["input_tokens"], by["output_tokens"]
    total = (
        coefficients["prefill"] * parts.prefill * (1 - cached_share) / (by["prefill"] * by["cached_share"] * prompt)
        + coefficients["decode"] * parts.decode / (by["decode"] * answer)
        + coefficients["context"] * parts.context / (by["attention"] * prompt * answer)
        + coefficients["growth"] * parts.growth / (by["attention"] * answer**2)
    )
    return total / by["gpu_seconds"]


def hardware_mix(study: dict, model_class: str) -> list[dict]:
    """GPUs and precisions that serve a class, with shares that sum to 1."""
    mix = study["classes"][model_class].get("hardware", study["hardware"])
    total = sum(entry["share"] for entry in mix)
    return [entry | {"share": entry["share"] / total} for entry in mix if entry["share"] > 0]


def model_weights(study: dict, model_class: str) -> dict[str, float]:
    """Weights of a class's models, those of weight 0 left out, summing to 1."""
    weights = {model: weight for model, weight in study["classes"][model_class]["weights"].items() if weight > 0}
    total = sum(weights.values())
    return {model: weight / total for model, weight in weights.items()}


def model_classes(study: dict) -> dict[str, str]:
    """Class that every model of a study is served in, by model; where classes share a model the first of them."""
    classes = study["classes"]
    return {model: name for name in reversed(classes) for model in model_weights(study, name)}


def model_alone(study: dict, model: str) -> dict:
    """A study of one model: its class, every query of which that model serves; nothing of other models.

    Raises:
        InputError: a model that no class of the study is served by.
    """
    known = model_classes(study)
    if model not in known:
        raise InputError(f"model: found {model!r}; allowed: {one_of(known)}, which the study serves")
    of_class = {key: of for key, of in study["classes"][known[model]].items() if key != "mix_concentration"}
    return study | {"classes": {known[model]: of_class | {"weights": {model: 1}}}}


def members(study: dict) -> list[tuple[str, str, str]]:
    """Every model, GPU and precision that some class of a study is served with, each once, in order."""
    found = [
        (model, entry["gpu"], entry["precision"])
        for model_class in study["classes"]
        for model in model_weights(study, model_class)
        for entry in hardware_mix(study, model_class)
    ]
    return list(dict.fromkeys(found))


def fit_members(
    study_name: str,
    study: dict,
    *,
    coefficients: pl.DataFrame,
    left_out: pl.DataFrame,
    forms: pl.DataFrame,
    models: pl.DataFrame,
    hardware: pl.DataFrame,
) -> pl.DataFrame:
    """The curve in GPU-seconds of every member of a study, one row each.

    A configuration with enough rows of its own is used: the newest engine version, and of that the parallelism which
    needs the fewest GPU-seconds at 1,000 tokens in and out. A member without one borrows from its nearest relatives
    (`relatives.borrowed`), with the error that leaving such configurations out has shown.

    Args:
        study_name: named in errors.
        study: a resolved study.
        coefficients: table `throughput_configurations`.
        left_out: table `throughput_left_out`.
        forms: table `throughput_forms`.
        models: model registry.
        hardware: hardware registry.

    Raises:
        InputError: an unknown model or GPU, or a member that neither was measured nor has a measured relative.
    """
    place = f"config/studies/{study_name}.yaml"
    sources = study["throughput"].get("sources")
    if sources is not None:
        known = coefficients["source"].unique().to_list()
        for source in sources:
            if source not in known:
                raise InputError(
                    f"{place}: throughput.sources: found {source!r}; allowed: {one_of(known)}, which have"
                    " configurations measured at several lengths"
                )
        coefficients = coefficients.filter(pl.col("source").is_in(sources))
    facts = with_facts(coefficients, models, hardware)
    errors = borrowed_errors(forms)
    extremes = (
        left_out.filter(pl.col("form") == "gpu_seconds")
        .group_by("configuration")
        .agg(
            pl.col("ratio").min().alias("leave_one_out_ratio_min"),
            pl.col("ratio").max().alias("leave_one_out_ratio_max"),
        )
    )
    rows = []
    for model, gpu, precision in members(study):
        target = _target(model, gpu, precision, place, models, hardware)
        rows.append(
            {"study": study_name, "model": model, "gpu": gpu, "precision": precision}
            | own_or_borrowed(target, facts, errors, place)
        )
    table = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"configuration": pl.String})
    return table.join(extremes, on="configuration", how="left", maintain_order="left")


def borrowed_errors(forms: pl.DataFrame) -> dict[str, float]:
    """Log deviation that leaving rows or configurations out has shown, by form, of the table `throughput_forms`."""
    overall = forms.filter(pl.col("configuration") == "all")
    return dict(overall.select("form", pl.col("ratio_geometric_sd").log()).iter_rows())


def _target(model: str, gpu: str, precision: str, place: str, models: pl.DataFrame, hardware: pl.DataFrame) -> dict:
    for name, column, registry in ((model, "model", models), (gpu, "gpu", hardware)):
        if name not in registry[column]:
            key = "classes" if column == "model" else "hardware"
            raise InputError(f"{place}: {key}: unknown {column} {name!r}; allowed: {aliased(name, registry, column)}")
    if precision not in BYTES_PER_PARAMETER:
        raise InputError(f"{place}: hardware: unknown precision {precision!r}; allowed: {one_of(BYTES_PER_PARAMETER)}")
    asked = pl.DataFrame({"model": [model], "gpu": [gpu], "precision": [precision]})
    return with_facts(asked, models, hardware).row(0, named=True)


def own_or_borrowed(target: dict, facts: pl.DataFrame, errors: dict[str, float], place: str) -> dict:
    """The coefficients that serve a target, whose they are, their error and the lengths behind them.

    Args:
        target: row of `relatives.with_facts` for the model, GPU and precision.
        facts: table of `relatives.with_facts` of all measured configurations.
        errors: log deviation of borrowed curves, by `borrowed_<kinship>`.
        place: names the target's place in errors.

    Raises:
        InputError: neither it nor a relative was measured.
    """
    own = facts.filter(*(pl.col(name) == target[name] for name in ("network", "gpu", "precision")))
    if not own.is_empty():
        newest = own.sort(version_order()).filter(pl.col("engine_version").eq_missing(pl.col("engine_version").last()))
        row = min(
            newest.iter_rows(named=True), key=lambda row: float(GpuSeconds.from_row(row).seconds(*TYPICAL_TOKENS))
        )
        return {
            "kinship": OWN,
            "configuration": row["configuration"],
            "rows": row["rows"],
            "fit_error_log_sd": row["fit_error_log_sd"],
            **{name: row[name] for name in CURVE_COLUMNS},
            **{name: row[name] for name in RANGE_COLUMNS},
        }
    target |= {"configuration": "", "kv_growth": facts["kv_growth"][0]}
    for kinship in KINSHIPS:
        form = borrowed(facts, target, kinship)
        if form is not None:
            return {
                "kinship": kinship,
                "configuration": None,
                "rows": 0,
                "fit_error_log_sd": errors[f"borrowed_{kinship}"],
                "prefill_s_per_token": form.prefill,
                "decode_s_per_token": form.decode,
                "attention_s_per_token2": form.attention,
                "kv_growth": form.kv_growth,
                **{name: relatives(facts, target, kinship)[name].median() for name in RANGE_COLUMNS},
            }
    measured = {f"{row[0]} in {row[1]}" for row in facts.select("gpu", "precision").iter_rows()}
    raise InputError(
        f"{place}: hardware: {target['model']} on {target['gpu']} in {target['precision']}: neither it nor a relative"
        f" was measured at several lengths; allowed: {one_of(list(measured))}"
    )


def seconds_curve(row: dict) -> SecondsCurve:
    """The curve of one row of `fit_members`."""
    return SecondsCurve(form=GpuSeconds.from_row(row))
