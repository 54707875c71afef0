"""The letterhead of reports: the billing company's name, address lines, color and logo."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from sanderling.accounts.models import User
from sanderling.audit.actions import record_event
from sanderling.core.refusal import Refusal
from sanderling.documents.pictures import NotAPicture, as_svg
from sanderling.reports.models import Brand

LOGO_BYTES_MAX: Final = 512 * 1024
LINES_MAX: Final = 4
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


class BadLetterhead(Refusal):
    """What was given cannot stand on a report."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands on top of reports; all of it may be empty."""

    name: str = ""
    lines: list[str] = field(default_factory=list)
    color: str = ""
    logo: bytes = b""


def letterhead() -> Letterhead:
    """Return the letterhead as it is; nothing where nobody has set one."""
    found = Brand.objects.filter(pk=1).first()
    if found is None:
        return Letterhead()
    return Letterhead(
        found.name, list(found.lines), found.color, bytes(found.logo) if found.logo else b""
    )


@transaction.atomic
def set_letterhead(
    *, name: str, lines: list[str], color: str, logo: bytes | None, by: User | None, at: datetime
) -> None:
    """Set it; `logo` None keeps the one that is there, b"" takes it away.

    Raises:
        BadLetterhead: no color like #2f6f8f, too many lines, or no small PNG or JPEG.
    """
    if color and not _COLOR.fullmatch(color.lower()):
        raise BadLetterhead("a color is written as #2f6f8f")
    if len(lines) > LINES_MAX:
        raise BadLetterhead(f"at most {LINES_MAX} lines stand under the name")
    if logo:
        if len(logo) > LOGO_BYTES_MAX:
            raise BadLetterhead("the logo is larger than 512 kB; make it smaller")
        try:
            as_svg(logo)
        except NotAPicture as error:
            raise BadLetterhead("the logo must be PNG or JPEG") from error
    values: dict[str, Any] = {
        "name": name,
        "lines": lines,
        "color": color.lower(),
        "set_by": by,
        "set_at": at,
    }
    if logo is not None:
        values["logo"] = logo or None
    Brand.objects.update_or_create(pk=1, defaults=values)
    record_event(action="report.letterhead", at=at, subject=("letterhead", 1))
