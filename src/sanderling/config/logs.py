"""How log lines look: without the texts of exceptions, which may quote a row, hence a patient."""

from __future__ import annotations

import logging
import re
import traceback
from types import TracebackType
from typing import Final

# Links of people without an account (room links): who has the address has the key.
_LINK: Final = re.compile(r"(/l/[a-z]+/)[^/\s]+")


class PlacesOnly(logging.Formatter):
    """Writes of an exception its class and where it went, not what it said; of a link no key."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the token in a link's address is left out."""
        return _LINK.sub(r"\1...", super().format(record))

    def formatException(  # noqa: N802 - logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return classes and places, outermost first."""
        return "\n".join(exception_places(ei[1])) if ei[1] is not None else ""


def exception_places(error: BaseException) -> list[str]:
    """Return the class of the exception and of its causes, each with the places it went through."""
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"  {type(cause).__module__}.{type(cause).__qualname__}")
        lines.extend(
            f"    {frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(cause.__traceback__)
        )
        cause = cause.__cause__ or cause.__context__
    return lines
