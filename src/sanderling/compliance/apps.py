"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """The compliance desk: audit search, access review, break-glass, retention."""

    name = "sanderling.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"
