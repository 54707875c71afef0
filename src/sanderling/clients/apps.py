"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ClientsConfig(AppConfig):
    """Clients: the practices and hospitals we bill for."""

    name = "sanderling.clients"
    label = "clients"
    default_auto_field = "django.db.models.BigAutoField"
