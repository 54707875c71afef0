"""Addresses of clients' pages."""

from __future__ import annotations

from django.urls import path

from sanderling.clients import views

urlpatterns = [path("clients/", views.clients, name="clients")]
