"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class PreventionConfig(AppConfig):
    """Preventive actions, edit rules tried on history, and their measured effect."""

    name = "sanderling.prevention"
    label = "prevention"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for claims that are about to be sent again: edit rules look at them."""
        import_module("sanderling.prevention.receivers")
