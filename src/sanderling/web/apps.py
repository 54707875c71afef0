"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """What every page shares: layout, log-in pages, template filters, assets."""

    name = "sanderling.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
