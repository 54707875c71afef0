"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """What contracts are worth: yield, comparison, what-if."""

    name = "sanderling.evaluation"
    label = "evaluation"
    default_auto_field = "django.db.models.BigAutoField"
