"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class KeyAccountsConfig(AppConfig):
    """The account page of a client: cash, gap, clocks of its service levels."""

    name = "sanderling.keyaccounts"
    label = "keyaccounts"
    default_auto_field = "django.db.models.BigAutoField"
