"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class KeyAccountsConfig(AppConfig):
    """The account page of a client: cash, gap, clocks of its service levels."""

    name = "sanderling.keyaccounts"
    label = "keyaccounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the rooms below."""
        import_module("sanderling.keyaccounts.receivers")
