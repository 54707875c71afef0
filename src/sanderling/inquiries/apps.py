"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class InquiriesConfig(AppConfig):
    """Status requests as written."""

    name = "sanderling.inquiries"
    label = "inquiries"
    default_auto_field = "django.db.models.BigAutoField"
