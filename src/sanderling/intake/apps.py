"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """From a file to the ledger."""

    name = "sanderling.intake"
    label = "intake"
    default_auto_field = "django.db.models.BigAutoField"
