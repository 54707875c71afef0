"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class RemitsConfig(AppConfig):
    """Remittances, claim payments and adjustments."""

    name = "sanderling.remits"
    label = "remits"
    default_auto_field = "django.db.models.BigAutoField"
