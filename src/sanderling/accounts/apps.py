"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People who log in, their roles, and the clients assigned to them."""

    name = "sanderling.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
