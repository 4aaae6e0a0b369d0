"""The services that answer a question: the study with what the question changes, one for each model that may be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import polars as pl

from inference_energy.answers.own import Gpu, Model
from inference_energy.answers.packaged import Packaged
from inference_energy.answers.question import Question, Subject, gpu_of, precision_of, subject
from inference_energy.common.errors import InputError, one_of
from inference_energy.energy.service import Service, Tables, resolved
from inference_energy.requests.lengths import Lengths
from inference_energy.serving.replicas import USABLE_MEMORY, Replicas
from inference_energy.statement.model_names import study_of
from inference_energy.studies import files
from inference_energy.studies.study import HardwareShare, NestedStudy, whole

# Why nothing serves a model.
TOO_LARGE = (
    "gpu: found {gpu}, of which {gpus} hold {held} GB; allowed: one whose memory holds {model}: {needed} GB of weights"
    " in {precision} and the keys of a query, or more serving.replica_gpus"
)
TOO_FAST = (
    "speed_tok_per_s: found {speed}, which {model} reaches on no GPU that is asked for; allowed: a lower speed, a"
    " batch, or other hardware"
)
KEPT = 64  # services, so that the next question about one is answered at once


@dataclass(frozen=True, kw_only=True)
class Served:
    """A question with what answers it."""

    question: Question
    packaged: Packaged
    study: str  # its name
    subject: Subject  # what answers
    services: Mapping[str, Service]  # by model or class, each as likely
    gpu: str | None  # name of the GPU; none: those of the study
    precision: str | None  # number format of the weights on it

    @property
    def workload(self) -> str:
        """Workload of the services."""
        return self.question.workload

    @property
    def boundary(self) -> str:
        """What is metered."""
        return self.question.boundary or next(iter(self.services.values())).study.boundary.query

    @cached_property
    def zone(self) -> dict | None:
        """Row of the zone of the grid; none where the question names none."""
        return None if self.question.zone is None else self.packaged.zone(self.question.zone)


def served(question: Question, packaged: Packaged) -> Served:
    """What answers a question.

    Raises:
        InputError: a name that is not known, a context longer than the model's, or a model that does not fit or is not
            as fast as asked.
    """
    study, entries = packaged.study(question.study)
    of = subject(question.model, entries, packaged)
    gpu, row = gpu_of(question.gpu, packaged)
    precision = question.precision if row is None else precision_of(question, row)
    _check_context(question, of, packaged)
    services = {name: _service(question, name, (gpu, precision), packaged) for name in of.names}
    for name, service in services.items():
        if not service.serving(name, question.workload)[1].any():
            raise InputError(_why_not(question, name, service))
    return Served(
        question=question,
        packaged=packaged,
        study=study,
        subject=of,
        services=services,
        gpu=gpu,
        precision=precision,
    )


def _check_context(question: Question, of: Subject, packaged: Packaged) -> None:
    if not question.of_one_query or of.closed is not None:
        return
    models = packaged.tables.models
    limits = dict(zip(models["model"], models["context_length_tokens"], strict=True))
    own = question.model.context_length_tokens if isinstance(question.model, Model) else None
    limit, asked = limits.get(of.names[0]) or own, question.input_tokens + question.output_tokens
    if limit and asked > limit:
        raise InputError(
            f"input_tokens: found prompt and answer of {asked:,.0f} tokens; allowed: up to {limit:,}, the context"
            f" length of {of.label}"
        )


def _service(question: Question, name: str, on: tuple[str | None, str | None], packaged: Packaged) -> Service:
    """The service of a model or class; kept by what it depends on, which the lengths of one query are not."""
    changes = _changes(question)
    lengths = None if question.of_one_query else _lengths(question)
    asked = [question.study, changes, lengths, question.workload, name, on]
    key = json.dumps(asked, sort_keys=True, default=str)
    own = tuple(each for each in (question.model, question.gpu) if isinstance(each, Model | Gpu))
    service = _resolved(key, own, packaged)
    return service if question.trace is None else _with_trace(service, question)


@lru_cache(maxsize=KEPT)
def _resolved(key: str, own: tuple[Model | Gpu, ...], packaged: Packaged) -> Service:
    *changed, name, (gpu, precision) = json.loads(key)
    label, typed = _changed(json.dumps(changed), packaged)
    workload, tables = changed[-1], _with_own(packaged.tables, own)
    typed = study_of(typed, name, tables.models, None)
    of = typed.classes[name]
    if gpu is not None:
        of = of.replaced(hardware=(HardwareShare(gpu=gpu, precision=precision, share=1.0),))
    elif precision is not None:
        mix = [each for each in typed.hardware_mix(name) if each.precision == precision]
        if not mix:
            known = {each.precision for each in typed.hardware_mix(name)}
            raise InputError(f"precision: found {precision!r}; allowed: {one_of(known)} on the study's GPUs, or a gpu")
        of = of.replaced(hardware=tuple(mix))
    typed = typed.replaced(classes={name: of}, workloads={workload: typed.workloads[workload]})
    return resolved(label, typed, tables, draws=packaged.draws, seed=packaged.seed)


@lru_cache(maxsize=KEPT)
def _changed(key: str, packaged: Packaged) -> tuple[str, NestedStudy]:
    """A study with what questions change of it, and its label."""
    study, changes, lengths, workload = json.loads(key)
    label, entries = packaged.study(study)
    entries = files.merge(entries, changes)
    if workload not in entries["workloads"]:
        raise InputError(f"workload: found {workload!r}; allowed: {one_of(entries['workloads'])}")
    if lengths:
        entries = files.merge(entries, {"workloads": {workload: lengths}})
        files.check_entries(entries, packaged.schema, "question")
    return label, whole(entries)


def _changes(question: Question) -> dict[str, Any]:
    """What a question changes of its study."""
    changes: dict[str, Any] = {}
    if question.pue is not None:
        changes["pue"] = float(question.pue)
    for name in ("speed_tok_per_s", "batch"):
        if getattr(question, name) is not None:
            changes["serving"] = {name: float(getattr(question, name))}
    return changes


def _lengths(question: Question) -> dict[str, Any]:
    """What a question changes of the queries of its workload."""
    given = {name: getattr(question, name) for name in ("input_tokens", "output_tokens", "cached_share")}
    return {name: value for name, value in given.items() if value is not None}


def _with_own(tables: Tables, own: tuple[Model | Gpu, ...]) -> Tables:
    """The tables with models and GPUs of one's own."""
    for each in own:
        name = "models" if isinstance(each, Model) else "hardware"
        registry = getattr(tables, name)
        if each.name in registry[registry.columns[0]]:
            kind = type(each).__name__
            raise InputError(f"{kind}: name: found {each.name!r}, which the registry has; allowed: a name of its own")
        tables = tables.with_row(name, each.row(registry))
    return tables


def _with_trace(service: Service, question: Question) -> Service:
    """The service of queries of a trace."""
    trace, names = question.trace, ("input_tokens", "output_tokens")
    missing = [name for name in names if name not in trace.columns]
    if missing or trace.is_empty():
        what = f"no column {missing[0]}" if missing else "no rows"
        raise InputError(f"trace: found {what}; allowed: a row per query with {' and '.join(names)}")
    tokens = trace.select(pl.col(name).cast(pl.Float64, strict=False) for name in names)
    good = pl.all_horizontal(pl.col(name).is_between(0, float("inf"), closed="left") for name in names)
    bad = tokens.with_row_index("row").filter(~good.fill_null(False))
    if len(bad):
        raise InputError(f"trace: row {bad['row'][0]}: found {bad.row(0)[1:]}; allowed: numbers of tokens from 0")
    counts = tokens.select(pl.all().clip(1.0)).group_by(names).len().sort(names)
    weights = counts["len"].to_numpy() / len(tokens)
    of = Lengths(
        **{name: counts[name].to_numpy() for name in names}, cached_share=np.zeros(len(counts)), weights=weights
    )
    return service.with_lengths({question.workload: of})


def _why_not(question: Question, name: str, service: Service) -> str:
    """Why nothing serves a subject, in one line."""
    study = service.study
    largest = max(study.serving.replica_gpus)
    found = service.at(question.workload)
    frame = service.members.frame.with_columns(
        gpus=pl.lit(float(largest)),
        input_tokens=pl.lit(found.queries.input_tokens),
        output_tokens=pl.lit(found.queries.output_tokens),
    )
    replicas = Replicas.of(frame)
    if not (replicas.largest_batch() >= 1).any():
        of = int(np.argmax(replicas.memory_b))
        needed, held = replicas.weight_bytes[of] / 1e9, USABLE_MEMORY * largest * replicas.memory_b[of] / 1e9
        gpu, precision = service.members.names[of][1:]
        return TOO_LARGE.format(
            gpu=gpu, gpus=largest, held=f"{held:,.0f}", model=name, needed=f"{needed:,.0f}", precision=precision
        )
    return TOO_FAST.format(speed=question.speed_tok_per_s or "the study's speed", model=name)
