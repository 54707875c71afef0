"""Full addresses of pages, for mails, messages and calendars."""

from __future__ import annotations

from django.conf import settings


def full_address(path: str) -> str:
    """Return where people outside reach a path of ours that begins with a slash."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"
