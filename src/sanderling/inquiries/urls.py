"""Addresses of the pages of status requests."""

from __future__ import annotations

from django.urls import path

from sanderling.inquiries import views

urlpatterns = [
    path("status-requests/", views.status_requests, name="status-requests"),
    path("status-requests/ask/", views.ask_due, name="status-requests-ask"),
    path("payers/<int:pk>/status-requests/", views.payer_limits, name="payer-status-limits"),
]
