"""The barriers app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class BarriersConfig(AppConfig):
    """Barriers, week ends, denials."""

    name = "sanderling.barriers"
    label = "barriers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the rooms whose news change barriers."""
        import_module("sanderling.barriers.receivers")
