"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports to clients: composed, approved, sent, and made again with the same numbers."""

    name = "sanderling.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
