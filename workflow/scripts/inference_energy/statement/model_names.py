"""Names of models in a usage, resolved to models of the registry or classes of the study."""

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from inference_energy.common.errors import InputError, one_of
from inference_energy.corpus.names import Names, key
from inference_energy.studies.study import ModelClass, NestedStudy, Spec

LISTED = 5  # unknown names that an error shows
# How the name of a model in a log was understood.
MODEL, CLASS, BY_DEFAULT, LEFT_OUT = "model", "class", "class by default", "left out"
# Names that stand for other networks over time; by their keys.
_DEEPSEEK = "; DeepSeek-{} until August 2025, then DeepSeek-V3.1 and its successors"
CHANGED = {"deepseekreasoner": _DEEPSEEK.format("R1"), "deepseek": _DEEPSEEK.format("V3")}
NOT_ESTIMATED = "not estimated"  # by its name a model of another kind, which no class of chat models stands for
LEAVE_OUT = "leave_out"
OTHER_KINDS = re.compile(
    r"embed|rerank|whisper|transcri|moderation|dall-?e|\bsora|\bveo\b|imagen|stable-?diffusion|\bsdxl"
    r"|(?:^|[-/ ])(?:tts|bge|e5|gte|image)(?:$|[-/ \d])",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """How one name of a model in logs or bills was understood."""

    name: str | None  # model of the registry or class of the study; none where it is left out
    treatment: str  # one of `MODEL`, `CLASS`, `BY_DEFAULT`, `LEFT_OUT` and `NOT_ESTIMATED`


def tokens() -> pl.Expr:
    """Tokens of a row of sums, prompts and answers."""
    return (pl.col("input_tokens") + pl.col("output_tokens")).cast(pl.Float64)


def resolved(
    sums: pl.DataFrame, models: dict, classes: list[str], registry: Names, place: str
) -> dict[str | None, Subject]:
    """How every name of a model in a table of sums is understood.

    `models` is that entry of the usage file. Its names are found as those of the registry are: also in other letters,
    with other makers before them and dates behind them, if only one of them is meant.

    Raises:
        InputError: unknown names that are not to be left out or taken for a class; a name of the usage file that is
            neither a model nor a class.
    """
    names = models.get("names", {})
    own_names = Names(Path(f"{place}: models.names"), dict(zip(names, names, strict=True)))
    out = Subject(name=None, treatment=LEFT_OUT)
    own = {name: out if target == LEAVE_OUT else _known(target, classes, registry) for name, target in names.items()}
    for name, subject in own.items():
        if subject is None:
            target = names[name]
            raise InputError(
                f"{place}: models.names: found {target!r} for {name!r}; allowed: {registry.allowed(target)}, a class of"
                f" the study: {one_of(classes)}, or {LEAVE_OUT}"
            )
    unknown = models["unknown"]
    if isinstance(unknown, dict) and unknown["class"] not in classes:
        raise InputError(f"{place}: models.unknown.class: found {unknown['class']!r}; allowed: {one_of(classes)}")
    shares = sums.group_by("model").agg(tokens().sum()).sort("input_tokens", "model", descending=[True, False])
    total = shares["input_tokens"].sum() or 1.0
    found: dict[str | None, Subject] = {}
    missing = []
    for name, count in shares.iter_rows():
        subject = own.get(own_names.resolve(name)) or _known(name, classes, registry)
        if subject is None and name and OTHER_KINDS.search(name):
            subject = Subject(name=None, treatment=NOT_ESTIMATED)
        if subject is None:
            missing.append(f"{name!r} ({count / total:.1%} of tokens{CHANGED.get(key(name or ''), '')})")
            subject = Subject(name=unknown["class"], treatment=BY_DEFAULT) if isinstance(unknown, dict) else out
        found[name] = subject
    if missing and unknown == "fail":
        more = f" and {len(missing) - LISTED} more" if len(missing) > LISTED else ""
        raise InputError(
            f"{place}: models: {len(missing)} of {len(found)} names are not known: {', '.join(missing[:LISTED])}{more};"
            f" allowed: names and aliases of {registry.registry}, your own under models.names, or models.unknown:"
            " leave_out or {class: ...}"
        )
    return found


def _known(name: str | None, classes: list[str], registry: Names) -> Subject | None:
    known = registry.resolve(name)
    if known is not None:
        return Subject(name=known, treatment=MODEL)
    return Subject(name=name, treatment=CLASS) if name in classes else None


def study_of(study: NestedStudy, subject: str, models: pl.DataFrame, cached_share: Spec | None) -> NestedStudy:
    """The study with one subject of a usage as its only class: a model is one of its own.

    A model is served by the hardware of the study's class of its size, if that has its own. `cached_share` is taken in
    place of the study's.
    """
    of = study.classes.get(subject)
    if of is None:
        size = dict(zip(models["model"], models["model_class"], strict=True))[subject]
        hardware = next((each.hardware for each in study.classes.values() if each.model_class == size), None)
        of = ModelClass(label=subject, model_class=size, weights={subject: 1}, hardware=hardware)
    traditional = study.workloads["traditional"]
    if cached_share is not None:
        traditional = traditional.replaced(cached_share=cached_share)
    return study.replaced(classes={subject: of}, workloads=study.workloads | {"traditional": traditional})
