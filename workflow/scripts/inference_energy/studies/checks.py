"""Checks that a schema cannot express: percentiles, physical ranges, names that refer to each other, known models."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from inference_energy.common.errors import InputError, like, one_of
from inference_energy.studies.physical import check_study
from inference_energy.studies.study import NestedStudy, PublishedStudy

LENGTHS = {"input_tokens", "output_tokens"}
# Entries of a study of method `nested` that decide the energy of a query, so that an intervention may change them.
CHANGEABLE = (
    *("serving", "hardware", "hardware_concentration", "power", "day"),
    *("pue", "overheads", "workloads", "classes"),
)


def _check_meaning(study: dict, place: str | Path) -> None:
    """Check what a schema cannot express: order of percentiles, physical ranges, and names that refer to each other."""
    for key, spec in _ranges(study):
        if spec["p05"] >= spec["p95"]:
            raise InputError(f"{place}: {key}: found p05 {spec['p05']} >= p95 {spec['p95']}; allowed: p05 < p95")
    check_study(study, place)
    for low, high in study.get("as_published", {}).get("trimming", []):
        if low >= high:
            raise InputError(
                f"{place}: as_published.trimming: found {[low, high]}; allowed: [low, high] with low < high"
            )
    if study["method"] == "nested":
        _check_nested(study, place)
    for name, spec in study["classes"].items():
        for what in ("weights", "hardware"):
            if what in spec and not _something_counts(spec[what]):
                raise InputError(f"{place}: classes.{name}.{what}: found only zeros; allowed: one above 0 at least")
    if "hardware" in study and not _something_counts(study["hardware"]):
        raise InputError(f"{place}: hardware: found only shares of 0; allowed: one above 0 at least")
    for key in ("interventions", "fleet"):
        subject = study[key]["subject"]
        if subject not in study["classes"]:
            raise InputError(f"{place}: {key}.subject: found {subject!r}; allowed: {one_of(study['classes'])}")


# The keys that say how long one side of a query is.
SIDES = (
    {"family": "exponential", "median": None},
    {"family": "lognormal", "p05": None, "p95": None},
    {"trace": None},
    {"task": None, "model": None},
)


# The keys that say where a service runs.
POINTS = {"speed_tok_per_s", "time_per_token_ms", "batch"}


def _check_nested(study: dict, place: str | Path) -> None:
    for name, spec in study["workloads"].items():
        if "trace" in spec and LENGTHS & spec.keys():
            raise InputError(f"{place}: workloads.{name}: found trace and lengths; allowed: one or the other")
        for side in LENGTHS & spec.keys():
            if isinstance(spec[side], dict) and not any(_is_side(spec[side], form) for form in SIDES):
                raise InputError(
                    f"{place}: workloads.{name}.{side}: found {spec[side]}; allowed: a number, {{family: exponential,"
                    " median}, {family: lognormal, p05, p95}, {trace} or {task, model}"
                )
    for key, spec in _ranges(study):
        if "above" in spec and spec.get("family") != "shifted_lognormal":
            raise InputError(f"{place}: {key}: found above; allowed: only with family shifted_lognormal")
    for name in study["fleet"]["levers"]:
        if name not in study["interventions"]["levers"]:
            allowed = one_of(study["interventions"]["levers"])
            raise InputError(f"{place}: fleet.levers: found {name!r}; allowed: {allowed}")
    stated = sorted(POINTS & study["serving"].keys())
    if len(stated) != 1:
        raise InputError(f"{place}: serving: found {' and '.join(stated) or 'none'}; allowed: one of {one_of(POINTS)}")
    swept = [study.get("sweeps", {}), *study.get("grids", {}).values()]
    if "batch" in stated and any("speed_tok_per_s" in values for values in swept):
        raise InputError(
            f"{place}: sweeps: found speed_tok_per_s; allowed: what a study with serving.batch can vary, not its speed"
        )
    mixes = {"hardware": study["hardware"]} | {
        f"classes.{name}.hardware": spec["hardware"] for name, spec in study["classes"].items() if "hardware" in spec
    }
    for key, mix in mixes.items():
        places = [(entry["gpu"], entry["precision"]) for entry in mix]
        for gpu, precision in places:
            if places.count((gpu, precision)) > 1:
                raise InputError(f"{place}: {key}: found {gpu} in {precision} twice; allowed: once, with one share")
    models = {model for spec in study["classes"].values() for model in spec["weights"]}
    for model in study["power"].get("node_kw", {}).get("by_model", {}):
        if model not in models:
            raise InputError(f"{place}: power.node_kw.by_model: found {model!r}; allowed: {one_of(list(models))}")


def _is_side(spec: dict, form: dict) -> bool:
    return spec.keys() == form.keys() and all(value in (None, spec[key]) for key, value in form.items())


def _something_counts(weights: dict | list) -> bool:
    values = weights.values() if isinstance(weights, dict) else [entry["share"] for entry in weights]
    return any(value > 0 for value in values)


def check_bridge(begin: str, built: dict[str, dict], steps: dict[str, dict], place: str) -> None:
    """Check the methods of the studies of a bridge.

    Raises:
        InputError: it begins at a study of another method than published, or a step is not nested.
    """
    if begin in built and built[begin]["method"] != "published":
        published = [name for name, study in built.items() if study["method"] == "published"]
        raise InputError(f"{place}: bridge.from: found {begin!r}; allowed: {one_of(published)}, of method published")
    for name, study in steps.items():
        if study["method"] != "nested":
            raise InputError(f"{place}: bridge.steps: found {name!r} of method {study['method']}; allowed: nested")


def _ranges(node: Any, key: str = "") -> list[tuple[str, dict]]:
    if not isinstance(node, dict):
        return []
    own = [(key, node)] if {"p05", "p95"} <= node.keys() else []
    return own + [
        found for name, child in node.items() for found in _ranges(child, f"{key}.{name}" if key else str(name))
    ]


def check_against_registry(study: PublishedStudy, place: str | Path, models: dict[str, float]) -> None:
    """Check a study's model names with the registry, total parameters in billions by name.

    Raises:
        InputError: an unknown model, or a class member that is not above the class's size.
    """
    for model in study.node_power_kw.by_model or {}:
        if model not in models:
            raise InputError(
                f"{place}: node_power_kw.by_model: unknown model {model!r}; allowed: {like(model, models)}"
            )
    for name, spec in study.classes.items():
        floor = spec.total_parameters_billions_over
        for model in spec.weights:
            key = f"classes.{name}.weights"
            if model not in models:
                raise InputError(f"{place}: {key}: unknown model {model!r}; allowed: {like(model, models)}")
            if models[model] <= floor:
                raise InputError(
                    f"{place}: {key}: {model} has {models[model]:g} B parameters; allowed: more than {floor:g} B"
                )


def check_classes(study: NestedStudy, place: str | Path, models: pl.DataFrame) -> None:
    """Check that the models of a study's classes are of that class in the registry.

    Raises:
        InputError: an unknown model, or one of another class.
    """
    known = dict(zip(models["model"], models["model_class"], strict=True))
    for name, spec in study.classes.items():
        for model in spec.model_shares():
            if known.get(model) != spec.model_class:
                of_class = sorted(found for found, its in known.items() if its == spec.model_class)
                raise InputError(
                    f"{place}: classes.{name}.weights: found {model!r}, "
                    f"{known.get(model, 'which is not in resources/models.csv')};"
                    f" allowed: models of class {spec.model_class}: {', '.join(of_class)}"
                )


def check_members_fitted(members: Mapping[str, Iterable[str]], place: str | Path, fitted: Collection[str]) -> None:
    """Check that every class member has a throughput curve.

    Raises:
        InputError: a member without enough benchmark rows.
    """
    for name, models in members.items():
        for model in models:
            if model not in fitted:
                raise InputError(
                    f"{place}: classes.{name}.weights: {model} has fewer than two usable benchmark rows;"
                    f" models that have: {one_of(list(fitted))}"
                )
