"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class UnderpaymentsConfig(AppConfig):
    """Money paid short: variances, projects, disputes, adverse payments."""

    name = "sanderling.underpayments"
    label = "underpayments"
    default_auto_field = "django.db.models.BigAutoField"
