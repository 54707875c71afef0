"""A TOML table being read: values are checked as they are taken, and nothing is left unread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from sanderling.core.contracts.codesets import CodeSet, NotACode, code_set
from sanderling.core.refusal import Refusal

PLACES: Final = 6  # decimal places of factors
_GREATEST_FACTOR: Final = 100
_GREATEST_CENTS: Final = 10**10  # a hundred million dollars

_Built = TypeVar("_Built")


class BadTerms(Refusal):
    """The terms cannot be read; the text names the key and what it should be."""


class TomlTable:
    """A TOML table being read: hands out checked values, and knows what was never asked for."""

    def __init__(self, path: str, content: dict[str, Any]) -> None:
        self._path = path
        self._left = dict(content)

    def name(self, key: str) -> str:
        """Return the key with its tables before it, as people would look for it."""
        return f"{self._path}.{key}" if self._path else key

    def refuse(self, key: str, should: str) -> BadTerms:
        """Return the refusal of a value."""
        return BadTerms(f"the key {self.name(key)} must be {should}")

    def take(self, key: str) -> Any:  # noqa: ANN401 (whatever TOML holds)
        """Take a value as it stands."""
        return self._left.pop(key, None)

    def close(self) -> None:
        """Refuse what is left: a key nobody knows."""
        if self._left:
            raise BadTerms(f"the key {self.name(min(self._left))} is unknown in a terms file")

    def flag(self, key: str) -> bool | None:
        """Take true or false."""
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return value
        raise self.refuse(key, "true or false")

    def text(self, key: str, among: tuple[str, ...] = ()) -> str:
        """Take a text; "" when there is none."""
        value = self.take(key)
        if value is None:
            return ""
        if not isinstance(value, str) or (among and value not in among):
            raise self.refuse(key, " or ".join(f'"{word}"' for word in among) or "a text")
        return value.strip()

    def texts(self, key: str) -> list[str]:
        """Take a list of texts."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refuse(key, 'a list of texts, such as ["99213"]')
        return value

    def codes(self, key: str) -> CodeSet:
        """Take a set of codes."""
        try:
            return code_set(self.texts(key))
        except NotACode as error:
            raise self.refuse(
                key, f'a list of codes, ranges ("70010-79999") or beginnings ("J*"), not "{error}"'
            ) from error

    def whole(self, key: str, low: int, high: int) -> int | None:
        """Take a whole number between two others."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(key, f"a whole number from {low} to {high}")
        return value

    def cents(self, key: str) -> int | None:
        """Take an amount."""
        value = self.take(key)
        if value is None:
            return None
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not 0 <= value <= _GREATEST_CENTS:
            raise self.refuse(key, "an amount in whole cents, such as 12500 for 125 dollars")
        return int(value)

    def factor(self, key: str, greatest: int = _GREATEST_FACTOR, least: int = 0) -> Decimal | None:
        """Take a factor with at most six decimal places."""
        value = self.take(key)
        if value is None:
            return None
        return self._factor(key, value, least, greatest)

    def share(self, key: str) -> Decimal | None:
        """Take a fraction from 0 to 1: 62 is refused where 0.62 is meant."""
        return self.factor(key, 1)

    def factors(self, key: str) -> tuple[Decimal, ...]:
        """Take a list of factors."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not value:
            raise self.refuse(key, "a list of factors, such as [1.0, 0.5]")
        return tuple(self._factor(key, item, 0, 1) for item in value)

    def _factor(self, key: str, value: object, least: int, greatest: int) -> Decimal:
        should = f"a factor from {least} to {greatest} with at most {PLACES} decimal places"
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.refuse(key, should)
        number = Decimal(value)
        if not number.is_finite() or not least <= number <= greatest:
            raise self.refuse(key, should)
        if number != round(number, PLACES):
            raise self.refuse(key, should)
        return number

    def day(self, key: str) -> date:
        """Take a date that must be there."""
        value = self.take(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.refuse(key, "a date, such as 2026-01-01")
        return value

    def table(self, key: str, build: Callable[[TomlTable], _Built]) -> _Built | None:
        """Take a table, built by a function that takes its keys."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.refuse(key, f"a table, written [{self.name(key)}]")
        return self._built(self.name(key), value, build)

    def tables(self, key: str, build: Callable[[TomlTable], _Built]) -> tuple[_Built, ...]:
        """Take a list of tables."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.refuse(key, f"tables, each written [[{self.name(key)}]]")
        return tuple(
            self._built(f"{self.name(key)}[{number}]", item, build)
            for number, item in enumerate(value, 1)
        )

    def entries(self, key: str) -> dict[str, TomlTable]:
        """Return a table of tables by their keys, to be read and closed by the caller."""
        value = self.take(key) or {}
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            raise self.refuse(key, "a table of tables")
        return {name: TomlTable(f"{self.name(key)}.{name}", item) for name, item in value.items()}

    def needed(self, key: str, value: _Built | None) -> _Built:
        """Return a value that must be there."""
        if value is None or value == "":
            raise BadTerms(f"the key {self.name(key)} is missing")
        return value

    def _built(
        self, path: str, content: dict[str, Any], build: Callable[[TomlTable], _Built]
    ) -> _Built:
        table = TomlTable(path, content)
        built = build(table)
        table.close()
        return built
