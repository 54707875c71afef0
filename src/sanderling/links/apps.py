"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class LinksConfig(AppConfig):
    """Signed, expiring links for people without an account, each for one purpose."""

    name = "sanderling.links"
    label = "links"
    default_auto_field = "django.db.models.BigAutoField"
