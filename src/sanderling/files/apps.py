"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Intake: originals kept, sniffed, posted or quarantined."""

    name = "sanderling.files"
    label = "files"
    default_auto_field = "django.db.models.BigAutoField"
