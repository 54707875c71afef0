"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """Tasks between teams."""

    name = "sanderling.tasks"
    label = "tasks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the rooms whose news close tasks."""
        import_module("sanderling.tasks.receivers")
