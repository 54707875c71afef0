"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """API tokens and webhooks."""

    name = "sanderling.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
