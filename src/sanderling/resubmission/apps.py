"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ResubmissionConfig(AppConfig):
    """Claims sent again: corrected, replaced, voided, and to the next payer."""

    name = "sanderling.resubmission"
    label = "resubmission"
    default_auto_field = "django.db.models.BigAutoField"
