"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class PayersConfig(AppConfig):
    """Payers: the insurers who owe."""

    name = "sanderling.payers"
    label = "payers"
    default_auto_field = "django.db.models.BigAutoField"
