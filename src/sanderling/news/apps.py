"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class NewsConfig(AppConfig):
    """Events for machines, notices for people."""

    name = "sanderling.news"
    label = "news"
    default_auto_field = "django.db.models.BigAutoField"
