"""Addresses of the pages that belong to no feature."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
