"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class FollowupConfig(AppConfig):
    """What people did about claims."""

    name = "sanderling.followup"
    label = "followup"
    default_auto_field = "django.db.models.BigAutoField"
