"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class WorklistsConfig(AppConfig):
    """Work items, views, locks, bulk acts."""

    name = "sanderling.worklists"
    label = "worklists"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the rooms whose news change work items."""
        import_module("sanderling.worklists.receivers")
