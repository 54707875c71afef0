"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """What each line should have brought, and what it fell short of."""

    name = "sanderling.pricing"
    label = "pricing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what changes prices."""
        import_module("sanderling.pricing.receivers")
