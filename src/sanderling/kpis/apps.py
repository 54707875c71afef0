"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class KpisConfig(AppConfig):
    """Key figures and scorecards, each with numerator and denominator."""

    name = "sanderling.kpis"
    label = "kpis"
    default_auto_field = "django.db.models.BigAutoField"
