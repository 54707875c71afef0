"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class MirrorConfig(AppConfig):
    """The analytics mirror: facts and ledger as Parquet, tied to the database."""

    name = "sanderling.mirror"
    label = "mirror"
    default_auto_field = "django.db.models.BigAutoField"
