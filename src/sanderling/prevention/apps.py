"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class PreventionConfig(AppConfig):
    """Preventive actions, edit rules tried on history, and their measured effect."""

    name = "sanderling.prevention"
    label = "prevention"
    default_auto_field = "django.db.models.BigAutoField"
