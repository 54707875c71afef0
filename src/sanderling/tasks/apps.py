"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """Tasks between teams."""

    name = "sanderling.tasks"
    label = "tasks"
    default_auto_field = "django.db.models.BigAutoField"
