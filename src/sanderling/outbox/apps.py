"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Files of ours on their way out."""

    name = "sanderling.outbox"
    label = "outbox"
    default_auto_field = "django.db.models.BigAutoField"
