"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ClientPortalConfig(AppConfig):
    """What a client's own people see."""

    name = "sanderling.client_portal"
    label = "client_portal"
    default_auto_field = "django.db.models.BigAutoField"
