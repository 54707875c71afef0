"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ReceivablesConfig(AppConfig):
    """Aging and the claim page."""

    name = "sanderling.receivables"
    label = "receivables"
    default_auto_field = "django.db.models.BigAutoField"
