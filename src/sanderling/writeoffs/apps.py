"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class WriteoffsConfig(AppConfig):
    """Write-off requests and approvals."""

    name = "sanderling.writeoffs"
    label = "writeoffs"
    default_auto_field = "django.db.models.BigAutoField"
