"""Every key of a study: value, meaning, comment, where it is set, and its value in the study that it extends."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference_energy.common.comments import Comment, comments, is_one_value
from inference_energy.common.yaml_files import read_yaml
from inference_energy.studies import files

Keys = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StudyKey:
    """One key of a study."""

    keys: Keys  # path of the key
    value: object  # its value; none for a key that holds further keys
    meaning: str  # what its schema says
    comment: str  # its comment in the file that sets it
    set_in: str  # study whose file sets it
    changed: bool  # whether the study that it extends has another value, or none
    before: object  # that other value; none where there was none


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """One study file as it is written."""

    name: str  # of the study
    text: str  # its YAML
    content: dict  # the same, read


def read_lineage(name: str, folder: Path) -> list[StudyFile]:
    """Files of a study and of all that it extends, the one that extends nothing first.

    Raises:
        InputError: a file that is missing or not YAML.
    """
    return [
        StudyFile(name=path.stem, text=path.read_text(encoding="utf-8"), content=read_yaml(path))
        for path in reversed(files.lineage(name, folder))
    ]


def study_keys(lineage: list[StudyFile], schema: dict) -> list[StudyKey]:
    """All keys of the last study of a lineage, in its order.

    A key that only groups others is listed if it has a comment. A lineage begins with the file that extends nothing.
    """
    set_in: dict[Keys, str] = {}
    said: dict[Keys, str] = {}
    for file in lineage:
        own = _values(file.content)
        set_in |= dict.fromkeys(own, file.name)
        said = {keys: text for keys, text in said.items() if keys not in own} | by_keys(comments(file.text))
    parent, study = _resolved(lineage)
    return [
        StudyKey(
            keys=keys,
            value=value,
            meaning=meaning(schema, keys),
            comment=said.get(keys, ""),
            set_in=set_in.get(keys, lineage[-1].name),
            changed=bool(parent) and value is not None and _there(parent, keys) != value,
            before=_there(parent, keys),
        )
        for keys, value in _with_heads(_values(study), said).items()
    ]


def removed(lineage: list[StudyFile]) -> list[Keys]:
    """Keys of the study that the last one extends and that it takes away; of a whole mapping its own key alone."""
    parent, study = _resolved(lineage)
    found: dict[Keys, None] = {}
    for keys in _values(parent):
        node: object = study
        for depth, key in enumerate(keys, 1):
            if is_one_value(node):
                break  # another form stands in its place
            if key not in node:
                found[keys[:depth]] = None
                break
            node = node[key]
    return list(found)


def _resolved(lineage: list[StudyFile]) -> tuple[dict, dict]:
    """The study that the last one of a lineage extends (empty for none), and the last one, with all they inherit."""
    parent: dict = {}
    study: dict = {}
    for file in lineage:
        own = {key: value for key, value in file.content.items() if key != "extends"}
        parent, study = study, files.merge(study, own)
    return parent, study


def _there(node: object, keys: Keys) -> object:
    """What a study has at a key, or in its place; none where it has nothing."""
    for key in keys:
        if is_one_value(node):
            return node
        if key not in node:
            return None
        node = node[key]
    return node


def head(file: StudyFile) -> str:
    """The comment above the first key of a study file."""
    return by_keys(comments(file.text)).get((), "")


def by_keys(found: list[Comment]) -> dict[Keys, str]:
    """Comments by the key that they belong to; several of one key are joined."""
    said: dict[Keys, str] = {}
    for comment in found:
        said[comment.keys] = f"{said[comment.keys]} {comment.text}" if comment.keys in said else comment.text
    return said


def _values(node: dict, keys: Keys = ()) -> dict[Keys, object]:
    found: dict[Keys, object] = {}
    for name, value in node.items():
        path = (*keys, str(name))
        found |= {path: value} if is_one_value(value) else _values(value, path)
    return found


def _with_heads(values: Mapping[Keys, object], said: Mapping[Keys, str]) -> dict[Keys, object]:
    """The values, and the keys without a value that group them and have a comment."""
    found: dict[Keys, object] = {}
    for keys, value in values.items():
        for depth in range(1, len(keys)):
            if keys[:depth] in said:
                found.setdefault(keys[:depth], None)
        found[keys] = value
    return found


def meaning(schema: dict, keys: Keys) -> str:
    """Description of a key in a JSON schema: its own, or that of the definition it refers to.

    What an intervention changes are keys of a study; names that a user chooses follow `additionalProperties`.
    """
    node, said = schema, ""
    changed = keys[4:] if keys[:2] == ("interventions", "levers") and keys[3:4] == ("changes",) else ()
    for key in changed or keys:
        node = _child(node, key, schema)
        if not node:
            return ""
        said = node.get("description", "")
        while not said and "$ref" in node:
            node = _referred(node, schema)
            said = node.get("description", "")
    return said


def _referred(node: dict, schema: dict) -> dict:
    return schema["$defs"][node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node


def _child(node: dict, key: str, schema: dict) -> dict:
    """What a schema says of one key, also in its alternatives."""
    node = _referred(node, schema)
    if key in node.get("properties", {}):
        return node["properties"][key]
    for alternative in ("then", "else"):
        found = _child(node[alternative], key, schema) if alternative in node else {}
        if found:
            return found
    others = node.get("additionalProperties")
    return others if isinstance(others, dict) else {}
