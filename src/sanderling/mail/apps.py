"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Mail that leaves: queued, sent by SMTP, and kept in a delivery log. Never patient data."""

    name = "sanderling.mail"
    label = "mail"
    default_auto_field = "django.db.models.BigAutoField"
