"""Declares the feature to Django."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class DocumentRequestsConfig(AppConfig):
    """Documents asked of a client, uploaded by a link, and the claims that wait for them."""

    name = "sanderling.document_requests"
    label = "document_requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the room whose tasks make requests."""
        import_module("sanderling.document_requests.receivers")
