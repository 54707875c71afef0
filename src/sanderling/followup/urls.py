"""Addresses of this room's pages; those that ask barriers, too, are in receivables."""

from __future__ import annotations

from django.urls import path

from sanderling.followup import views

urlpatterns = [
    path("followup/attachments/<int:pk>/", views.attachment, name="attachment"),
]
