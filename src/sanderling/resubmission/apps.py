"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ResubmissionConfig(AppConfig):
    """Claims sent again: corrected, replaced, voided, and to the next payer."""

    name = "sanderling.resubmission"
    label = "resubmission"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the outbox: what does not go out is taken back."""
        import_module("sanderling.resubmission.receivers")
