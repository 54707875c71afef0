"""The barriers app."""

from __future__ import annotations

from django.apps import AppConfig


class BarriersConfig(AppConfig):
    """Barriers, week ends, denials."""

    name = "sanderling.barriers"
    label = "barriers"
    default_auto_field = "django.db.models.BigAutoField"
