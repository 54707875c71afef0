"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class RefundsConfig(AppConfig):
    """Credit balances and what is paid back."""

    name = "sanderling.refunds"
    label = "refunds"
    default_auto_field = "django.db.models.BigAutoField"
