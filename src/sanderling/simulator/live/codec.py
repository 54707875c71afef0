"""Writes the world's frozen dataclasses as JSON and reads them back by their types."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Kept = TypeVar("Kept")


def dump(value: object) -> str:
    """Write a dataclass as JSON."""
    return json.dumps(_plain(value), separators=(",", ":"))


def load(kind: type[Kept], text: str) -> Kept:
    """Read one dataclass back."""
    found = _reader(cast(Hashable, kind))(json.loads(text))
    if not isinstance(found, kind):
        raise TypeError(kind.__name__)
    return found


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


Read = Callable[[Any], Any]  # from what JSON holds to what a field holds


def _same(raw: object) -> object:
    return raw


@cache
def _reader(kind: Hashable) -> Read:
    """Make, once for each type, what reads it."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        inner = _reader(next(one for one in get_args(kind) if one is not type(None)))
        return lambda raw: None if raw is None else inner(raw)
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if not isinstance(kind, type):
        return _same
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    if issubclass(kind, Enum):
        return kind
    if issubclass(kind, date):  # a datetime, too
        return kind.fromisoformat
    return _same


def _tuple_reader(kinds: tuple[Any, ...]) -> Read:
    if len(kinds) == 2 and kinds[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        each = _reader(kinds[0])
        return tuple if each is _same else lambda raw: tuple(map(each, raw))
    readers = [_reader(one) for one in kinds]
    return lambda raw: tuple(one(item) for one, item in zip(readers, raw, strict=True))


def _dataclass_reader(kind: type) -> Read:
    readers = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}

    def read(raw: dict[str, Any]) -> object:
        return kind(**{name: readers[name](item) for name, item in raw.items()})

    return read
