"""The entries of the side navigation, and which of them a user may open."""

from __future__ import annotations

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return what the layout needs on every page."""
    return {"navigation": ()}
