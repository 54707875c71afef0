"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class FlagsConfig(AppConfig):
    """Claims that a client has flagged, their owners, clocks and answers."""

    name = "sanderling.flags"
    label = "flags"
    default_auto_field = "django.db.models.BigAutoField"
