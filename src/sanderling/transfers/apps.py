"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class TransfersConfig(AppConfig):
    """Shares handed over to the patient."""

    name = "sanderling.transfers"
    label = "transfers"
    default_auto_field = "django.db.models.BigAutoField"
