"""YAML in, checked against a closed JSON schema; every fault reported in one line."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import yaml
from yaml.composer import Composer
from yaml.cyaml import CSafeLoader

from inference_energy.common.errors import InputError, one_of

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

DEEPEST = 50  # levels of nesting
TOO_DEEP = f"nested deeper than {DEEPEST} levels"
LONGEST_TEXT = 10_000  # characters of a value; a cell of a workbook holds 32,767


# Scalars as YAML 1.2 reads them. YAML 1.1, which the library follows, also takes no, on and NO for truth values, 1:30
# and 010 for numbers, and 1e3 for text: names of regions and models, and numbers, would change without a word. Of
# YAML 1.1 groups of three digits stay: 1_000_000.
RESOLVERS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:_[0-9]{3})+)", "-+0123456789"),
    "float": (
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "merge": (r"<<", "<"),
}


class _Strict:
    """A loader that refuses a key written twice, aliases and deep nesting, and leaves dates as text.

    Keys are text as they are written: a model may be called 405.
    """

    _level = 0
    yaml_implicit_resolvers: ClassVar[dict] = {}

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        # An alias may point at a node that contains it; code that walks the content would then not end.
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.MarkedYAMLError(problem=f"alias *{event.anchor} is not allowed", problem_mark=event.start_mark)
        self._level += 1
        if self._level > DEEPEST:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


class _StrictLoader(_Strict, yaml.SafeLoader):
    """Words faults well, and refuses tabs."""


class _TextLoader(_StrictLoader):
    """Leaves every value as it is written."""

    yaml_implicit_resolvers: ClassVar[dict] = {}


class _FastLoader(_Strict, Composer, CSafeLoader):
    """Scans in C, ten times as fast."""

    def __init__(self, text: str):
        CSafeLoader.__init__(self, text)
        Composer.__init__(self)


def _mapping_without_duplicates(loader: yaml.SafeLoader | CSafeLoader, node: yaml.MappingNode) -> dict:
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            key.tag = "tag:yaml.org,2002:str"
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    mapping = loader.construct_mapping(node, deep=True)
    if len(mapping) < len(keys):
        ((key, _),) = Counter(keys).most_common(1)
        raise yaml.MarkedYAMLError(problem=f"key {key!r} is given twice", problem_mark=node.start_mark)
    return mapping


for _loader in (_StrictLoader, _FastLoader):
    for _name, (_pattern, _first) in RESOLVERS.items():
        _loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})\Z"), list(_first))
    _loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates)
    _loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.constructor.SafeConstructor.construct_yaml_str)


@cache  # studies are read once for each one that extends them
def _load(text: str) -> Any:
    if "\t" not in text:
        try:
            return yaml.load(text, Loader=_FastLoader)
        except yaml.YAMLError:
            pass  # the other loader finds the fault, too, and says what it found
    return yaml.load(text, Loader=_StrictLoader)


def read_yaml(path: Path) -> Any:
    """Content of a YAML file.

    Raises:
        InputError: the file is missing, unreadable or not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = deepcopy(_load(text))
        if "\\u" in text.lower():  # it may give half a pair of surrogates, which no file can hold
            json.dumps(content, ensure_ascii=False, default=str).encode()
        return content
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; allowed: a YAML file") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"{path}{line}: not valid YAML: {problem}") from None


def read_checked(path: Path, schema: dict) -> Any:
    """Content of a YAML file, checked against its schema; a value that is to be text is the text as it is written.

    Names may look like numbers: a folder called 2026, a model called 405.

    Raises:
        InputError: as of `read_yaml` and `check`.
    """
    from jsonschema import Draft202012Validator

    content = read_yaml(path)
    meant = [
        list(error.absolute_path)
        for error in _each(Draft202012Validator(schema).iter_errors(content))
        if error.validator == "type" and "string" in error.validator_value and type(error.instance) in (int, float)
    ]
    if meant:
        written = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)
        for *keys, last in meant:
            _at(content, keys)[last] = _at(written, keys)[last]
    check(content, schema, path)
    return content


def _each(errors: Iterable) -> Iterator:
    """Errors of a schema, and those behind one that a choice of several schemas has."""
    for error in errors:
        yield error
        yield from _each(error.context)


def _at(content: Any, keys: list) -> Any:
    for key in keys:
        content = content[key]
    return content


def check(content: Any, schema: dict, place: str | Path) -> None:
    """Check configuration against its schema.

    Raises:
        InputError: one line with the key, what was found and what is allowed.
    """
    # Imported here: who only reads files, or asks a question without a study of their own, does not wait for it.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    _check_values(content, place, ())
    error = best_match(Draft202012Validator(schema).iter_errors(content))
    if error is not None:
        raise InputError(f"{place}: {_explain(error)}")


def _check_values(node: Any, place: str | Path, keys: tuple) -> None:
    # Comparisons with NaN are false, so a schema's minimum would let it through.
    if isinstance(node, int | float) and not abs(node) <= sys.float_info.max:
        raise InputError(f"{place}: {'.'.join(keys)}: found {node}; allowed: a finite number")
    longest = max((len(text) for text in (node, *keys[-1:]) if isinstance(text, str)), default=0)
    if longest > LONGEST_TEXT:
        allowed = f"at most {LONGEST_TEXT:,}"
        raise InputError(f"{place}: {'.'.join(keys)}: found a text of {longest:,} characters; allowed: {allowed}")
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        _check_values(child, place, (*keys, str(key)))


TYPES = {"object": "a mapping of keys to values", "array": "a list", "string": "text", "boolean": "true or false"}


def _explain(error: "ValidationError") -> str:
    key = ".".join(str(part) for part in error.absolute_path) or "top level"
    rule, value = error.validator, error.validator_value
    found = f"found {error.instance!r}"
    if rule == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = one_of([str(name) for name in error.instance if name not in known])
        # A mapping may have one of several forms; listing its keys alone would hide the others.
        whole = f" (as a whole: {error.schema['title']})" if error.absolute_path and "title" in error.schema else ""
        return f"{key}: unknown key {unknown}; allowed: {one_of(known)}{whole}"
    if rule == "required":
        missing = one_of([name for name in value if name not in error.instance])
        return f"{key}: missing key {missing}"
    allowed = {
        "type": (error.schema.get("title") or TYPES.get(str(value), f"a value of type {value}"))
        + (_with_a_point(error.instance) if value == "number" else ""),
        "enum": one_of([repr(item) for item in value]) if rule == "enum" else "",
        "minimum": f"a number >= {value}",
        "maximum": f"a number <= {value}{_in_percent(error.instance) if value == 1 else ''}",
        "exclusiveMinimum": f"a number > {value}",
        "exclusiveMaximum": f"a number < {value}{_in_percent(error.instance) if value == 1 else ''}",
        "pattern": f"text matching {value}",
        "minLength": "text that is not empty",
        "maxLength": f"text of at most {value} characters",
        "minItems": f"at least {value} item(s)",
        "maxItems": f"at most {value} items",
        "uniqueItems": "items that differ from each other",
        "minProperties": f"at least {value} key(s)",
    }.get(rule)
    return f"{key}: {found}; allowed: {allowed}" if allowed else f"{key}: {error.message}"


def _in_percent(found: Any) -> str:
    return f" ({found / 100:g} if it is in percent)" if isinstance(found, int | float) and 1 < found <= 100 else ""


def _with_a_point(found: Any) -> str:
    if not isinstance(found, str) or not re.fullmatch(r"\s*-?\d+([.,]\d+)?\s*%?\s*", found):
        return ""
    number = float(found.strip(" %").replace(",", ".")) / (100 if "%" in found else 1)
    return f" ({number:g} without quotes, a comma or %)"
