"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The append-only ledger and aging."""

    name = "sanderling.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
