"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The append-only, hash-chained trail of changes and of looks at patient data."""

    name = "sanderling.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
