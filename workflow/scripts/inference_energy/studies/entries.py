"""Entries of a study file as typed, frozen objects, and as plain mappings again."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Self, dataclass_transform, get_args, get_origin

from inference_energy.common.errors import InputError, one_of


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Entries:
    """Base of classes that hold the entries of a study, a field per key; every one is a frozen dataclass.

    An object may hold a part of its entries alone, such as what a rule hands to its script. Each of the others raises
    an `InputError` that names it as soon as it is used.
    """

    def __init_subclass__(cls) -> None:
        dataclass(cls, frozen=True, kw_only=True, repr=False)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Typed entries from plain ones by key, as the study file has them, or from some of them.

        Raises:
            InputError: a key that there is not.
        """
        known = [field.name for field in fields(cls)]
        for key in given:
            if key not in known:
                raise InputError(f"{cls.__name__}: found {key!r}; allowed: {one_of(known)}")
        made = object.__new__(cls)
        vars(made).update(given)
        made.__post_init__()
        return made

    def replaced(self, **changes: Any) -> Self:
        """The same with some entries replaced, also of a part, for which `dataclasses.replace` asks for the rest."""
        return self.of(vars(self) | changes)

    def plain(self) -> dict[str, Any]:
        """The entries that were given, as the study file has them: an optional one that is left out has no key."""
        given = vars(self)
        return {
            field.name: _plain(given[field.name])
            for field in fields(self)
            if field.name in given and given[field.name] is not field.default
        }

    def __post_init__(self) -> None:
        given = vars(self)
        for field in fields(self):
            if field.name in given:
                given[field.name] = _typed(field.type, given[field.name], field.name)

    def __getattr__(self, name: str) -> Any:
        # Called only for what the object does not have.
        if name not in type(self).__dataclass_fields__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        raise InputError(
            f"{type(self).__name__}: {name} was not handed over; allowed: {one_of(vars(self))}, which were"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class _ByName(dict):
    """Entries by the names that a study gives them; an unknown name raises an error that lists those there are."""

    def __init__(self, key: str, entries: Mapping[str, Any]):
        super().__init__(entries)
        self.key = key

    def __missing__(self, name: str) -> None:
        raise InputError(f"{self.key}: found {name!r}; allowed: {one_of(self)}")


@cache
def _declared(of: Any) -> tuple[Any, list[Any]]:
    """What a type is made of, and of what, but for none."""
    return get_origin(of), [each for each in get_args(of) if each is not type(None)]


def _typed(of: Any, value: Any, key: str) -> Any:
    """A plain value as its field declares it; the spec of a distribution, a number or a mapping, stays plain."""
    if value is None:
        return None
    origin, of_what = _declared(of)
    if origin is None and issubclass(of, Entries):
        return value if isinstance(value, of) else of.of(value)
    if origin is Mapping:
        return MappingProxyType(_ByName(key, {name: _typed(of_what[1], each, key) for name, each in value.items()}))
    if origin is tuple:
        return tuple(_typed(of_what[0], each, key) for each in value)
    return _typed(of_what[0], value, key) if len(of_what) == 1 else value


def _plain(value: Any) -> Any:
    if isinstance(value, Entries):
        return value.plain()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
