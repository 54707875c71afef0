"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class AppealsConfig(AppConfig):
    """Appeals, disputes and records sent to payers."""

    name = "sanderling.appeals"
    label = "appeals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to documents that come for appeals."""
        import_module("sanderling.appeals.receivers")
