"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.worklists import act_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("work/acts/", act_views.acts, name="work-acts"),
    path("work/acts/prepare/", act_views.prepare, name="work-acts-prepare"),
    path("work/acts/<int:act_id>/", act_views.act_page, name="work-act"),
    path("work/acts/<int:act_id>/undo/", act_views.undo_act, name="work-act-undo"),
    path("work/status-inquiries/", act_views.status_inquiries, name="status-inquiries"),
]
