"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class WorkloadConfig(AppConfig):
    """Pages for team leads."""

    name = "sanderling.workload"
    label = "workload"
    default_auto_field = "django.db.models.BigAutoField"
