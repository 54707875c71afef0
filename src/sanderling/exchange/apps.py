"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Mailboxes: files out, files in, and their acknowledgments."""

    name = "sanderling.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"
