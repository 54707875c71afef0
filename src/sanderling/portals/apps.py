"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class PortalsConfig(AppConfig):
    """Payer portals: who to ask there, and what they said."""

    name = "sanderling.portals"
    label = "portals"
    default_auto_field = "django.db.models.BigAutoField"
