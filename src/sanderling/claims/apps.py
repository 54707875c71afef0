"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    """Claims, lines and submissions."""

    name = "sanderling.claims"
    label = "claims"
    default_auto_field = "django.db.models.BigAutoField"
