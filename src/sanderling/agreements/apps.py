"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    """What was agreed with a client: service levels, follow-up schedules, high-dollar rules."""

    name = "sanderling.agreements"
    label = "agreements"
    default_auto_field = "django.db.models.BigAutoField"
