"""A question as it was asked: what is estimated, every part of it checked, names as the registries have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from inference_energy.answers.limits import number
from inference_energy.answers.own import Gpu, Model
from inference_energy.answers.packaged import Packaged
from inference_energy.common.errors import InputError, like, one_of
from inference_energy.corpus.names import precision_in
from inference_energy.serving.replicas import WEIGHT_BYTES
from inference_energy.studies.study import BOUNDARIES

MOST_TOKENS = 10_000_000  # of a prompt or an answer
WORKLOAD = "traditional"  # the other queries of the service, where the question does not say
CLASS_SIZES = ("small", "medium", "large", "frontier")
SUBJECT = "frontier"  # what answers, where the question does not say


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is estimated; what is none is as the study has it."""

    model: str | Model | None = None  # name of an open or closed model, a class of the study, or one of one's own
    gpu: str | Gpu | None = None  # name of a GPU, or one of one's own; none: those of the study
    precision: str | None = None  # number format of the weights; none: the narrowest that the GPU computes in
    # tokens of the prompt and of the answer: a number for one query, or a distribution of a workload's
    input_tokens: float | Mapping[str, Any] | None = None
    output_tokens: float | Mapping[str, Any] | None = None
    cached_share: float | Mapping[str, Any] | None = None  # share of the prompt that is in the cache
    workload: str = WORKLOAD  # workload of the study whose queries the service answers
    trace: pl.DataFrame | None = None  # queries of the service in place of these: input_tokens, output_tokens
    study: str | Mapping[str, Any] = "current"  # name of a study, or what differs from one
    boundary: str | None = None  # what is metered, one of `BOUNDARIES`
    speed_tok_per_s: float | None = None  # tokens a second that users see in the busiest hour
    batch: float | None = None  # most running requests of a replica, in place of a speed
    pue: float | None = None  # energy of the datacenter over that of its IT
    zone: str | None = None  # zone of the grid, for emissions and water

    def __post_init__(self) -> None:
        for name in ("input_tokens", "output_tokens"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Mapping):
                number(name, value, 0, MOST_TOKENS, "tokens, or a distribution such as {family, p05, p95}")
        if self.of_one_query and not self.input_tokens and not self.output_tokens:
            raise InputError("output_tokens: found a query of 0 tokens; allowed: a prompt or an answer of 1 or more")
        if isinstance(self.cached_share, Mapping) and self.of_one_query:
            raise InputError(f"cached_share: found {self.cached_share}; allowed: 0 to 1, a number for one query")
        if self.cached_share is not None and not isinstance(self.cached_share, Mapping):
            number("cached_share", self.cached_share, 0, 1, "(share of the prompt)")
        if self.precision is not None and self.precision not in WEIGHT_BYTES:
            raise InputError(f"precision: found {self.precision!r}; allowed: {one_of(WEIGHT_BYTES)}")
        if self.boundary is not None and self.boundary not in BOUNDARIES:
            raise InputError(f"boundary: found {self.boundary!r}; allowed: {one_of(BOUNDARIES)}")
        if self.speed_tok_per_s is not None:
            number("speed_tok_per_s", self.speed_tok_per_s, 1, 2000, "tokens a second")
        if self.batch is not None:
            number("batch", self.batch, 1, 100_000, "running requests")
        if self.pue is not None:
            number("pue", self.pue, 1, 5, "(energy of the datacenter over that of its IT)")
        if self.speed_tok_per_s is not None and self.batch is not None:
            raise InputError("batch: found both batch and speed_tok_per_s; allowed: one of them, the other follows")
        if self.trace is not None and (self.input_tokens is not None or self.output_tokens is not None):
            raise InputError("trace: found input_tokens or output_tokens beside it; allowed: one or the other")

    @property
    def of_one_query(self) -> bool:
        """Whether both lengths are numbers: one query among those of the workload."""
        lengths = (self.input_tokens, self.output_tokens)
        return all(of is not None and not isinstance(of, Mapping) for of in lengths)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What answers: a model or a class of the study, or the classes that a closed model may be of."""

    label: str  # for readers
    names: tuple[str, ...]  # models or classes, each as likely
    closed: Mapping[str, Any] | None = None  # row of a closed model


def subject(given: str | Model | None, study: Mapping[str, Any], packaged: Packaged) -> Subject:
    """What a question means by its model.

    Raises:
        InputError: a name that is not known.
    """
    if isinstance(given, Model):
        return Subject(label=given.name, names=(given.name,))
    name = SUBJECT if given is None else given
    classes = list(study["classes"])
    if name in classes:
        return Subject(label=study["classes"][name]["label"], names=(name,))
    known = packaged.models.resolve(name) if isinstance(name, str) else None
    if known is not None:
        return Subject(label=known, names=(known,))
    closed = packaged.closed.resolve(name) if isinstance(name, str) else None
    if closed is None:
        every = {**packaged.models.canonical, **packaged.closed.canonical, **dict.fromkeys(classes)}
        names = sorted({*packaged.models.canonical.values(), *packaged.closed.canonical.values(), *classes})
        near = like(str(name), every if isinstance(name, str) else names)
        raise InputError(f"model: found {name!r}; allowed: {near}; or Model(total_b=...) for one of your own")
    row = packaged.closed_models.row(by_predicate=pl.col("model") == closed, named=True)
    within = classes_within(row, study)
    if not within:
        raise InputError(f"model: found {name!r}, of a size that no class of the study has; allowed: another study")
    return Subject(label=closed, names=tuple(within), closed=row)


def classes_within(closed: Mapping[str, Any], study: Mapping[str, Any]) -> list[str]:
    """Classes of a study that a closed model may be of, from the smallest."""
    size = {name: CLASS_SIZES.index(of["model_class"]) for name, of in study["classes"].items()}
    low, high = (CLASS_SIZES.index(closed[end]) for end in ("smallest_class", "largest_class"))
    return sorted((name for name in size if low <= size[name] <= high), key=size.get)


def gpu_of(given: str | Gpu | None, packaged: Packaged) -> tuple[str | None, dict | None]:
    """Name of a GPU as the registry has it, and its row; none where the question names none.

    Raises:
        InputError: a name that is not known.
    """
    if given is None:
        return None, None
    if isinstance(given, Gpu):
        return given.name, given.row(packaged.tables.hardware).row(0, named=True)
    known = packaged.gpus.resolve(given) if isinstance(given, str) else None
    if known is None:
        near = like(str(given), packaged.gpus.canonical)
        raise InputError(f"gpu: found {given!r}; allowed: {near}; or Gpu(tdp_w=..., ...) for one of your own")
    row = packaged.gpu(known)
    for name in ("tdp_w", "memory_gb", "memory_bandwidth_gb_per_s"):
        if row[name] is None:
            raise InputError(f"gpu: found {known!r}, whose {name} nobody states; allowed: another, or Gpu(...) with it")
    return known, row


def precision_of(question: Question, gpu: Mapping[str, Any]) -> str:
    """Number format of the weights on a GPU: as asked, as the name of the model says, or the narrowest of the GPU."""
    named = precision_in(question.model) if isinstance(question.model, str) else None
    if question.precision or named:
        return question.precision or named
    return narrowest_precision(gpu)


def narrowest_precision(gpu: Mapping[str, Any]) -> str:
    """The narrowest number format that a GPU computes in."""
    if gpu["peak_fp4_tflop_per_s"]:
        return "FP4"
    return "FP8" if gpu["peak_fp8_tflop_per_s"] else "BF16"
