"""Addresses of the pages that belong to no feature."""

from __future__ import annotations

from django.urls import path

from sanderling.web import views

urlpatterns = [
    path("", views.start, name="start"),
    path("healthz", views.health, name="health"),
]
