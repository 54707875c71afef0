"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    """Payer contracts: versions, rates, terms, reference schedules."""

    name = "sanderling.contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
