"""Studies: named sets of assumptions, each a YAML file that may extend another."""

import re
from collections.abc import Collection
from pathlib import Path

from inference_energy.common.errors import InputError, one_of
from inference_energy.common.yaml_files import check, read_yaml
from inference_energy.studies.checks import CHANGEABLE, LENGTHS, POINTS, _check_meaning

_RIGHT: dict[tuple[int, str], dict] = {}  # the schema that entries satisfy, by its identity and the entries
NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def read_study(name: str, folder: Path, schemas: dict[str, dict]) -> dict:
    """One study with everything it inherits, checked.

    `extends: other` starts from that study; mappings merge key by key, any other value replaces. `schemas` are closed
    JSON schemas of a complete study, by its `method`.

    Raises:
        InputError: unknown study, `extends` in a circle, a key or value that the schema or the method forbids, or an
            intervention that changes the study to one that they forbid.
    """
    study = resolve(name, folder)
    place = folder / f"{name}.yaml"
    method = study.get("method")
    if not isinstance(method, str) or method not in schemas:
        raise InputError(f"{place}: method: found {method!r}; allowed: {one_of(schemas)}, or extends: another study")
    check_entries(study, schemas[method], place)
    return study


def check_entries(study: dict, schema: dict, place: str | Path) -> None:
    """Check the entries of a study with everything it inherits.

    Raises:
        InputError: as `read_study`.
    """
    _check(study, schema, place)
    if study["method"] == "nested":
        _check_changes(study, schema, place)


def _check(study: dict, schema: dict, place: str | Path, changed: Collection[str] | None = None) -> None:
    """Check a study; where all but the `changed` entries are known to be as the schema says, only these against it."""
    of_schema = study
    if changed is not None:
        of_schema = {key: study[key] for key in changed if key in study}
        schema = schema | {"required": [key for key in schema["required"] if key in changed]}
    # Studies that extend each other have the same interventions: what was found to be right needs no second look.
    known = (id(schema["properties"]), repr((schema["required"], of_schema)))
    if known not in _RIGHT:
        check(of_schema, schema, place)
        _RIGHT[known] = schema["properties"]
    _check_meaning(study, place)


def _check_changes(study: dict, schema: dict, place: str | Path) -> None:
    """Check every intervention as a study that extends this one, and all of them together."""
    together = study = {key: value for key, value in study.items() if key not in ("sweeps", "grids")}
    for name, intervention in study["interventions"]["levers"].items():
        key, changes = f"{place}: interventions.levers.{name}.changes", intervention["changes"]
        for changed in changes:
            if changed not in CHANGEABLE:
                raise InputError(f"{key}: found {changed!r}; allowed: {one_of(CHANGEABLE)}")
        _check(merge(study, changes), schema, key, changes)
        together = merge(together, changes)
    _check(together, schema, f"{place}: interventions.levers, all together", CHANGEABLE)


def resolve(name: str, folder: Path, chain: tuple[str, ...] = ()) -> dict:
    """One study with everything it inherits, unchecked; `chain` are the studies that extend it, outermost first.

    Raises:
        InputError: unknown study, `extends` in a circle, or no mapping in the file.
    """
    asked_by = f"{folder / f'{chain[-1]}.yaml'}: extends" if chain else "studies"
    if not NAME.fullmatch(name):
        allowed = "the name of one, up to 100 letters, digits, '.', '_' and '-': never a path"
        raise InputError(f"{asked_by}: found {name!r}; allowed: {allowed}")
    path = folder / f"{name}.yaml"
    if name in chain:
        raise InputError(f"{path}: extends goes in a circle: {' -> '.join((*chain, name))}")
    if not path.is_file():
        known = [file.stem for file in folder.glob("*.yaml")]
        raise InputError(f"{asked_by}: no study {name!r} ({path} does not exist); allowed: {one_of(known)}")
    own = read_yaml(path)
    if not isinstance(own, dict):
        raise InputError(f"{path}: found {type(own).__name__}; allowed: a mapping of study keys")
    parent = own.pop("extends", None)
    if parent is None:
        return own
    if not isinstance(parent, str):
        raise InputError(f"{path}: extends: found {parent!r}; allowed: the name of one study")
    return merge(resolve(parent, folder, (*chain, name)), own)


def lineage(name: str, folder: Path) -> list[Path]:
    """The file of a study, then those of the studies that it extends, directly and through others."""
    path = folder / f"{name}.yaml"
    parent = read_yaml(path).get("extends")
    return [path, *(lineage(parent, folder) if parent else [])]


def with_parent(name: str, folder: Path) -> list[str]:
    """The study that a study extends, if any, and the study itself.

    Raises:
        InputError: as `resolve`.
    """
    resolve(name, folder)
    return [path.stem for path in reversed(lineage(name, folder)[:2])]


# A mapping with one of these keys names its kind and replaces the value that another study has there.
KINDS = {"family", "trace", "task", "pairs", "form"}


def merge(base: dict, changes: dict) -> dict:
    """`base` overridden by `changes`.

    Mappings merge key by key, anything else is replaced, and `null` removes a key. A mapping that names its kind (a
    distribution, a trace, a form) replaces the previous one, except for its label; lengths replace a trace,
    and a speed, a time per token and a batch each other.
    """
    merged = dict(base)
    for key, value in changes.items():
        before = merged.get(key)
        if value is None and key in merged:
            del merged[key]
        elif not isinstance(value, dict) or not isinstance(before, dict):
            merged[key] = value
        elif KINDS & value.keys():
            merged[key] = {name: before[name] for name in ("label",) if name in before} | value
        elif LENGTHS & value.keys():
            merged[key] = merge({name: kept for name, kept in before.items() if name != "trace"}, value)
        elif any(value.get(name) is not None for name in POINTS):
            merged[key] = merge(
                {name: kept for name, kept in before.items() if name not in POINTS - value.keys()}, value
            )
        else:
            merged[key] = merge(before, value)
    return merged
