"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ProofsConfig(AppConfig):
    """Proof of timely filing: the lineage of what was sent."""

    name = "sanderling.proofs"
    label = "proofs"
    default_auto_field = "django.db.models.BigAutoField"
