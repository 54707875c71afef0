"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class IssuesConfig(AppConfig):
    """Systemic issues: found every night, confirmed, fixed, verified."""

    name = "sanderling.issues"
    label = "issues"
    default_auto_field = "django.db.models.BigAutoField"
