"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ForecastConfig(AppConfig):
    """Cash expected in the weeks to come, and how right it was."""

    name = "sanderling.forecast"
    label = "forecast"
    default_auto_field = "django.db.models.BigAutoField"
