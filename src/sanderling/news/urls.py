"""Addresses of this room's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from sanderling.news import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("notices/", views.notices, name="notices"),
    path("notices/bell/", views.notices_bell, name="notices-bell"),
    path("notices/read/", views.notices_read, name="notices-read"),
    path("notices/<int:notice_id>/", views.notice, name="notice"),
]
