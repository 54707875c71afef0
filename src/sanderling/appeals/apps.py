"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class AppealsConfig(AppConfig):
    """Appeals, disputes and records sent to payers."""

    name = "sanderling.appeals"
    label = "appeals"
    default_auto_field = "django.db.models.BigAutoField"
