"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    """Rules, alerts, digests."""

    name = "sanderling.automation"
    label = "automation"
    default_auto_field = "django.db.models.BigAutoField"
