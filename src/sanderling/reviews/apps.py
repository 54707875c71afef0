"""Declares the feature to Django."""

from __future__ import annotations

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """The weekly AR review: pack, meeting, decisions, minutes."""

    name = "sanderling.reviews"
    label = "reviews"
    default_auto_field = "django.db.models.BigAutoField"
