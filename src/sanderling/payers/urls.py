"""Addresses of payers' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.payers import views

urlpatterns = [path("payers/", views.payers, name="payers")]
