"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class CodesConfig(AppConfig):
    """Codes: reasons, remarks and claim statuses, with overrides of payers and clients."""

    name = "sanderling.codes"
    label = "codes"
    default_auto_field = "django.db.models.BigAutoField"
